/**
 * Names that may stand after `<`, and the few that may not in any writing.
 *
 * Not a list of bad tags: what is neither here nor of an allowed shape (`tags.ts`) is defused.
 *
 * @module
 */

/** Sorts of names. */
export type NameSort =
  | "element"
  | "posing"
  | "type"
  | "documentation"
  | "nameless";

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(" "));
}

/** Elements of HTML, with those of its past, and the usual ones of SVG and MathML. */
const ELEMENTS = words(
  "a abbr acronym address area article aside audio b base bdi bdo big blockquote body br",
  "button canvas caption center cite code col colgroup data datalist dd del details dfn dialog",
  "dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3",
  "h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map",
  "mark marquee menu meta meter nav nobr noframes noscript object ol optgroup option output p",
  "param picture pre progress q rp rt ruby s samp script search section select slot small",
  "source span strike strong style sub summary sup table tbody td template textarea tfoot th",
  "thead time title tr track tt u ul var video wbr",
  "svg circle clippath defs desc ellipse filter foreignobject g image line lineargradient",
  "marker mask path pattern polygon polyline radialgradient rect stop symbol text textpath",
  "tspan use animate animatetransform feblend fecolormatrix fecomposite feflood fegaussianblur",
  "femerge femergenode feoffset",
  "math mi mn mo ms mtext mrow mfrac msqrt mroot msub msup msubsup munder mover munderover",
  "mtable mtr mtd mspace semantics annotation",
);

/** Roles of a conversation, and frames of the client around its own words, in small letters. */
const POSING = words(
  "system human assistant user claude anthropic antml function functions functioncalls",
  "functionresults invoke parameter parameters systemreminder tool toolresult tooluse wake",
);

/** Words of programming languages that begin a type, or are one. */
const TYPE_WORDS = words(
  "any async auto bigint bool boolean byte char char8_t char16_t char32_t class const decimal",
  "decltype double dyn dynamic enum f32 f64 false float float32 float64 fn i8 i16 i32 i64 i128",
  "impl in infer int int8 int16 int32 int64 int8_t int16_t int32_t int64_t intptr_t isize keyof",
  "long mut never null nullptr_t number out ptrdiff_t readonly reified short signed size_t",
  "ssize_t str string struct symbol this time_t true typename typeof u8 u16 u32 u64 u128 uint uint8",
  "uint16 uint32 uint64 uint8_t uint16_t uint32_t uint64_t uintptr_t ulong undefined union",
  "unique unknown unsigned usize void volatile wchar_t",
);

/** Elements of documentation in C# and TypeScript. */
const DOCUMENTATION = words(
  "exception inheritdoc para paramref reference remarks returns see seealso typeparam",
  "typeparamref",
);

/** Names that programs give, in their messages, to what has no name. */
const NAMELESS = words(
  "anonymous clinit console dictcomp empty eval genexpr init lambda listcomp locals module",
  "native nil none root setcomp static stderr stdin stdout unset",
);

const SORTS = new Map<string, NameSort>();
for (const name of NAMELESS) SORTS.set(name, "nameless");
for (const name of DOCUMENTATION) SORTS.set(name, "documentation");
for (const name of TYPE_WORDS) SORTS.set(name, "type");
for (const name of ELEMENTS) SORTS.set(name, "element");
for (const name of POSING) SORTS.set(name, "posing");

/** The sort of a name in small letters; `undefined` if it is of none. */
export function sortOf(name: string): NameSort | undefined {
  return SORTS.get(name);
}
