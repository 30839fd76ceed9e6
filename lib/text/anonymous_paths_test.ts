import { assertEquals } from "@std/assert";
import { anonymousPaths } from "./anonymous_paths.ts";

Deno.test("anonymousPaths() puts user in place of the user's name, in paths alone", () => {
  const anonymous = anonymousPaths("/home/jo.doe", ["jo", undefined]);
  const table: [text: string, expected: string][] = [
    ["cd /home/jo.doe/app", "cd /home/user/app"],
    ["in /home/jo.doe.", "in /home/user."],
    ["'/Users/jo'", "'/Users/user'"],
    ["C:\\Users\\Jo\\app, c:/users/jo", "C:\\Users\\user\\app, c:/users/user"],
    [
      '{"p":"C:\\\\\\\\Users\\\\\\\\jo"}',
      '{"p":"C:\\\\\\\\Users\\\\\\\\user"}',
    ],
    ["file%3A%2F%2F%2Fhome%2Fjo%2F", "file%3A%2F%2F%2Fhome%2Fuser%2F"],
    ["-home-jo-doe-my-app/x.jsonl", "-home-user-my-app/x.jsonl"],
    ["C--Users-jo-app", "C--Users-user-app"],
    ["/run/media/jo/stick", "/run/media/user/stick"],
    // Others' folders, other words, and the name outside of paths.
    [
      "/home/joan, /home/jo-ann, /home/jo.b",
      "/home/joan, /home/jo-ann, /home/jo.b",
    ],
    ["jo@walnut says hello to jo.doe", "jo@walnut says hello to jo.doe"],
    ["welcome-home-joan, athome/jo", "welcome-home-joan, athome/jo"],
  ];
  for (const [text, expected] of table) assertEquals(anonymous(text), expected);
});

Deno.test("anonymousPaths() knows a home folder elsewhere, and a home without a name", () => {
  assertEquals(
    anonymousPaths("/srv/staff/jo", [])("/srv/staff/jo/app"),
    "/srv/staff/user/app",
  );
  assertEquals(anonymousPaths("/", [])("/home/jo"), "/home/jo");
});
