/**
 * Skeletons of texts: what a text reads as, whatever characters it is written with.
 *
 * Text from another machine can write "ignore" with a Cyrillic letter, with full-width letters
 * or with marks between the letters. A person and a model read the word, and a search for the
 * word misses it. A skeleton has plain small letters instead. It serves comparing and searching
 * only; nobody is shown one.
 *
 * @module
 */

/**
 * Characters that look like a plain one, by the plain one: those of scripts that are written
 * from left to right, from Unicode's confusables.txt 17.0 (UTS 39), with the small capitals.
 * NFKD already folds others, such as full-width and mathematical letters.
 */
const LOOK_ALIKES: Record<string, string> = {
  a: "ɑΑαАаᎪᗅᴀẚꓮ𐊠",
  b: "ƀƂƃƄɓʙΒВЬᏏᏴᑲᖯᗷⲂꓐꞴ𐊂𐊡𐌁",
  c: "ȼСсᏟᴄⲤⲥꓚꮯ𐊢𐌂𐐕𐐽𐔜",
  d: "ÐĐđƉƌɖɗԁᎠᏧᑯᗞᗪᴅꓒꓓ",
  e: "ɆɇΕЕеҽᎬᴇꓰꬲ𐊆𑢦𑢮",
  f: "ƑƒϜքᖴᵮẝꓝꞘꞙꬵ𐊇𐊥𐔥𑢢𑣂",
  g: "ƍǤǥɠɡɢԌցᏀᏳᶃꓖ",
  h: "ĦħɦʜΗНһհᎻᏂᕼⱧⲎꓧ𐋏",
  i: "ıƖƗɨɩɪΙιІіӀւᎥᵻᵼⲒⲓꙇꭵ𑣃",
  j: "ɈɉͿϳЈјᎫᒍᴊꓙꞲ",
  k: "ƙΚКᏦᴋⱩⲔꓗꝀ𐔘",
  l: "ŁłƚǀɫɭʟӏᏞᒪⳐꓡꓲ𐊊𐌉𐐛𐔦𑢣𑢲",
  m: "ɱΜϺМᎷᗰᴍᵯⲘꓟ𐊰𐌑",
  n: "ŋƝƞɳɴΝոռᵰⲚꓠ𐔓",
  o: "ØøƟɵΟοσϭОоՕօჿᴏᴑⲞⲟꓳꝊꝋꬽꬾ𐊒𐊫𐐄𐐬𐓂𐓪𐔖𑢵𑣈𑣗",
  p: "þƥƿΡρϸРрᏢᑭᴘᵽⲢⲣⳎⳏꓑ𐊕",
  q: "ʠԛգզꞯ",
  r: "ƦɍɼɽʀгᎡᏒᖇᴦᵲⲅꓣꭇꭈꮁ𐒴",
  s: "ƽʂЅѕՏᏕᏚᵴꓢꜱꮪ𐊖𐐠𐑈𑣁",
  t: "ŦŧƭƮȾΤТᎢᴛᵵⲦꓔ𐊗𐊱𐌕𑢼",
  u: "ɄʋυՍսᑌᴜᵾꓴꞟꭎꭒ𐓎𐓶𑢸𑣘",
  v: "νѴѵᏙᐯᴠꓦꮩ𐔝𑢠𑣀",
  w: "ɯшѡԜԝաᎳᏔᴡⲽꓪꝡꮃ",
  x: "ΧХхᕁᕽⲬꓫꞳ𐊐𐊴𐌗𐔧",
  y: "ƴɎɏɣʏΥγУуҮүყᎩᎽᶌỿⲨⲩꓬꭚ𐊲𑢤𑣜",
  z: "ƵƶȤȥʐΖᏃᴢᵶꓜꮓ𑢩𑣄",
  "-": "⁃˗−➖",
  "_": "ߺ",
  "/": "⁄∕╱⟋⧸",
  ":": "։˸꞉∶ː⁚ꓽ",
  "'": "‘’‛′ʹʼˈ",
};

/** Beginnings of three further alphabets: letters in black circles and squares, and of flags. */
const ALPHABETS = [0x1f150, 0x1f170, 0x1f1e6];

const PLAIN = new Map(
  Object.entries(LOOK_ALIKES).flatMap(([plain, others]) =>
    Array.from(others, (other) => [other, plain] as const)
  ),
);
for (const first of ALPHABETS) {
  for (let i = 0; i < 26; i++) {
    PLAIN.set(String.fromCodePoint(first + i), String.fromCharCode(97 + i));
  }
}

const OTHERS = new RegExp(`\\p{Pd}|[${[...PLAIN.keys()].join("")}]`, "gu");

/** Marks on letters, and what shows as nothing. The engine's stack bounds the repetition. */
const UNSEEN = /[\p{M}\p{DI}]{1,1000}/gu;

// deno-lint-ignore no-control-regex -- the pattern is about these characters
const NOT_ASCII = /[^\x00-\x7f]/;

/** The skeleton of a text, which has the same lines. */
export function skeleton(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase();
  // Marks go first: sorting a long run of them, as NFKD does, takes the square of its length.
  return text.replace(UNSEEN, "").normalize("NFKD").replace(UNSEEN, "")
    .replace(OTHERS, (other) => PLAIN.get(other) ?? "-")
    .toLowerCase().normalize("NFC");
}

const skeletons = new Map<number, string>();

/** The skeleton of one character, by its code point; empty for a mark. */
export function skeletonOf(code: number): string {
  let known = skeletons.get(code);
  if (known === undefined) {
    known = skeleton(String.fromCodePoint(code));
    skeletons.set(code, known);
  }
  return known;
}
