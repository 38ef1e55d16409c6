# What jq has and jaq lacks or does differently. Our own words; the manual of jq is the source.

def tostring: "\(.)";
def not: if . then false else true end;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def todateiso8601: todate;
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def gmtime: gmtime_;
def localtime: gmtime_;
def strflocaltime(f): strftime(f);

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def isvalid(f): try (f | true) catch false;

def keys: keys_unsorted | sort;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def toboolean:
  if type == "boolean" then . elif . == "true" then true elif . == "false" then false
  else error("\(type) cannot be parsed as a boolean") end;
def toarray: if type == "array" then . else [.] end;
def abs: if type == "number" then (if . < 0 then -. else . end) else error("\(type) has no absolute value") end;
def trimstr($x): ltrimstr($x) | rtrimstr($x);
def ascii: [.] | implode;
def have_literal_numbers: true;
def have_decnum: false;

def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries:
  reduce .[] as $entry ({};
    . + {
      ($entry
        | if type != "object" then error("Cannot use \(type) as an entry") else . end
        | if has("key") then .key elif has("k") then .k elif has("name") then .name
          elif has("Name") then .Name elif has("Key") then .Key elif has("K") then .K else null end
        | if type == "string" then .
          elif type == "object" or type == "array" then error("Cannot use \(type) as object key")
          else tojson end):
      ($entry | if has("value") then .value elif has("v") then .v elif has("Value") then .Value else .V end)
    });
def with_entries(f): to_entries | map(f) | from_entries;

def del(f): delpaths([path(f)]);
def paths: path(..) | select(length > 0);
def paths(node_filter): . as $dot | paths | select(. as $p | $dot | getpath($p) | node_filter);
def leaf_paths: paths(scalars);
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));
def tostream:
  path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f):
  foreach f as $event ({value: null, done: false};
    (if .done then {value: null, done: false} else . end)
    | if ($event | length) == 2
      then .done = (($event[0] | length) == 0) | .value |= setpath($event[0]; $event[1])
      else .done = (($event[0] | length) == 1) end;
    if .done then .value else empty end);
def truncate_stream(stream):
  . as $depth | null | stream | if (.[0] | length) > $depth then setpath([0]; .[0][$depth:]) else empty end;

def join($sep):
  reduce .[] as $x (null;
    (if . == null then "" else . + $sep end)
    + (if $x == null then "" elif $x | type == "boolean" or type == "number" then $x | tojson else $x end))
  // "";
def flatten($depth):
  if $depth < 0 then error("flatten depth must not be negative")
  else reduce .[] as $x ([];
    if ($x | type) == "array" and $depth > 0 then . + ($x | flatten($depth - 1)) else . + [$x] end) end;
def flatten: reduce .[] as $x ([]; if ($x | type) == "array" then . + ($x | flatten) else . + [$x] end);
def combinations:
  if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def transpose:
  (map(length) | max // 0) as $width | [range(0; $width) as $i | [.[][$i]]];
def walk(f): def w: if type == "object" or type == "array" then map_values(w) else . end | f; w;
def add(f): reduce f as $x (null; . + $x);
def add: reduce .[] as $x (null; . + $x);
def isempty(g): label $go | (g | false, break $go), true;
def any(generator; condition): isempty(first(generator | condition | select(.))) | not;
def all(generator; condition): isempty(first(generator | condition | select(. | not)));
def any: any(.[]; .);
def all: all(.[]; .);
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def recurse_down: recurse;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; join_f): stream | [., $index[f]] | join_f;

def re_flags: if . == null then "" elif type == "string" then . else error("\(type) is not a string") end;
def re_matches($re; $flags): matches($re; $flags | re_flags);
def re_shape: .[0] + {captures: [.[1:][] | {offset, length, string, name}]};
def match($re; $flags): re_matches($re; $flags)[] | re_shape;
def match($v):
  if ($v | type) == "array" then match($v[0]; $v[1]) else match($v; null) end;
def test($re; $flags): re_matches($re; $flags) | length > 0;
def test($v):
  if ($v | type) == "array" then test($v[0]; $v[1]) else test($v; null) end;
def re_named: [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture($re; $flags): match($re; $flags) | re_named;
def capture($v): match($v) | re_named;
def scan($re; $flags):
  match($re; "g" + ($flags | re_flags))
  | if (.captures | length) > 0 then [.captures[].string] else .string end;
def scan($v): if ($v | type) == "array" then scan($v[0]; $v[1]) else scan($v; null) end;
def split($re; $flags): split_($re; "g" + ($flags | re_flags));
def splits($re; $flags): split($re; $flags)[];
def splits($re): splits($re; null);
def sub_parts($re; f; $flags):
  . as $in
  | [match($re; $flags)]
  | reduce .[] as $m ([0, ""];
      ($m | re_named | f) as $new
      | .[0] as $from
      | [$m.offset + $m.length, .[1] + $in[$from:$m.offset] + $new])
  | .[1] + $in[.[0]:];
def sub($re; f; $flags): sub_parts($re; f; ($flags | re_flags));
def sub($re; f): sub($re; f; "");
def gsub($re; f; $flags): sub_parts($re; f; "g" + ($flags | re_flags));
def gsub($re; f): gsub($re; f; "");

def @text: tostring;
def @json: tojson;
def @html: if type == "array" then [.[] | tostring] | join(" ") else tostring end | escape_html;
def @uri: tostring | encode_uri;
def @urid: tostring | decode_uri;
def @base64: tostring | encode_base64;
def @base64d: tostring | decode_base64;
def @sh:
  [if type == "array" then .[] else . end
    | if type == "string" then "'" + escape_sh + "'"
      elif type == "array" or type == "object" then error("\(type) can not be escaped for shell")
      else tojson end]
  | join(" ");
def @csv:
  if type != "array" then error("\(type) cannot be csv-formatted, only an array can be") else . end
  | [.[]
      | if type == "string" then "\"" + escape_csv + "\""
        elif type == "array" or type == "object" then error("\(type) is not valid in a csv row")
        elif . == null then "" else tojson end]
  | join(",");
def @tsv:
  if type != "array" then error("\(type) cannot be tsv-formatted, only an array can be") else . end
  | [.[]
      | if type == "string" then escape_tsv
        elif type == "array" or type == "object" then error("\(type) is not valid in a tsv row")
        elif . == null then "" else tojson end]
  | join("\t");
def format($name):
  if $name == "text" then @text elif $name == "json" then @json elif $name == "csv" then @csv
  elif $name == "tsv" then @tsv elif $name == "html" then @html elif $name == "uri" then @uri
  elif $name == "urid" then @urid elif $name == "sh" then @sh elif $name == "base64" then @base64
  elif $name == "base64d" then @base64d else error("not a valid format") end;
