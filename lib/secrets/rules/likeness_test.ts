import { assertEquals } from "@std/assert";
import { isPassword, isRandom, isWeak } from "./likeness.ts";

Deno.test("isRandom() tells what a generator made from names, words and sequences", () => {
  const cases: [value: string, isRandom: boolean][] = [
    ["9f3b1c7ae05d48e2", true],
    ["d41d8cd98f00b204e9800998ecf8427e", true],
    ["0c3f2a7b-6e11-4c1e-9a52-8f0b4f5e9d55", true],
    ["oygGXLmQRNDyb4na", true],
    ["q7Zt/0+Lw9Rk2vXb8Yc=", true],
    ["zh!=!gq(w^_t[sBR29954x)HI+$ehwss*xYNQ", true],
    ["9f3b1c7ae05d48e", false], // too short
    ["0123456789abcdef0123", false],
    ["getUserByEmailAddress2", false],
    ["my-app-production-db-2", false],
    ["SHOP_PROD_DATABASE_V2", false],
    ["2026-01-15T10:00:00.000", false],
    ["1234567890123456789", false],
    ["Please enter the 2nd code of 4", false],
    ["\\x6d\\x61\\x73\\x74\\x65", false],
    ["", false],
  ];
  for (const [value, expected] of cases) {
    assertEquals(isRandom(value), expected, value);
  }
});

Deno.test("isPassword() tells what a person chose from names in programs, and from examples", () => {
  const cases: [value: string, bare: boolean, quoted: boolean][] = [
    ["Maple" + "tundra42!", true, true],
    ["Maple" + "tundra42", true, true],
    ["m4ple" + "-r1ver", true, true],
    ["hunter" + "2", false, true],
    ["walnut-orbit" + "-cactus-fable", false, true],
    ["h!dden", false, true],
    ["sunshine", false, false],
    ["password123", false, false],
    ["test1234", false, false],
    ["user.password2", false, false],
    ["sha256Digest", false, true],
    ["newHash2", false, false],
    ["../keys/shop2", false, false],
    ["shop/prod/db-2", false, false],
    ["jo2@example.net", false, false],
    ["0x0B95", false, false],
    ["two words 22", false, false],
    ["12345678", false, false],
    ["", false, false],
  ];
  for (const [value, bare, quoted] of cases) {
    assertEquals(
      [isPassword(value, false), isPassword(value, true)],
      [bare, quoted],
      value,
    );
  }
});

Deno.test("isWeak() knows passwords that everyone would try", () => {
  for (const value of ["password", "Admin123", "mysecretpassword", "root"]) {
    assertEquals(isWeak(value), true, value);
  }
  for (const value of ["Mail" + "pass1234!", "aB3!9#7$2@", "12345678"]) {
    assertEquals(isWeak(value), false, value);
  }
});
