import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A hostile safetensors file")
struct HostileSafeTensorsTests {
  let folder = TemporaryFolder()

  @Test("refuses", arguments: lengths + texts + entries + offsets)
  func refusal(file: HostileFile) throws {
    let path = try folder.write(file.bytes, to: "m.safetensors")
    #expect(failure { try Checkpoint.open(path) } == "\(path): \(file.message)")
  }

  private static func file(
    _ name: String, _ header: String, data: Int = 0, length: UInt64? = nil, _ message: String
  ) -> HostileFile {
    HostileFile(
      name: name, bytes: SafeTensorsBytes(header, dataByteCount: data, statedLength: length).bytes, message: message)
  }

  /// A file whose only tensor, `t`, has this entry.
  private static func entry(_ name: String, _ entry: String, data: Int = 0, _ message: String) -> HostileFile {
    file(name, "{\"t\":\(entry)}", data: data, "tensor \"t\": \(message)")
  }

  private static func tensor(_ name: String, _ begin: Int, _ end: Int) -> String {
    SafeTensorsBytes.entry(name, "U8", [max(0, end - begin)], begin, end)
  }

  static let lengths: [HostileFile] = [
    HostileFile(name: "empty", bytes: [], message: "is empty, expected a checkpoint"),
    HostileFile(
      name: "one byte", bytes: [1],
      message: "has only 1 byte, a safetensors file begins with the 8 bytes of its header's length"),
    HostileFile(
      name: "seven bytes", bytes: [1, 0, 0, 0, 0, 0, 0],
      message: "has only 7 bytes, a safetensors file begins with the 8 bytes of its header's length"),
    file("length 0", "{}", length: 0, "header length is 0, expected a JSON object"),
    file("length one less", "{}", length: 1, "header: JSON at byte 1: ends before the value is complete"),
    file(
      "length one more", "{}", length: 3,
      "header takes 3 bytes but only 2 follow its length (at least 1 byte is missing; is the download complete?)"),
    file(
      "length past the file", "{}", length: 99_999_999,
      "header takes 99,999,999 bytes but only 2 follow its length"
        + " (at least 99,999,997 bytes are missing; is the download complete?)"),
    file(
      "length over the limit", "{}", length: 100_000_001,
      "header length is 100,000,001 bytes, at most 100,000,000 are allowed"),
    file(
      "length that wraps", "{}", length: .max,
      "header length is 18,446,744,073,709,551,615 bytes, at most 100,000,000 are allowed"),
    file(
      "length beyond Int", "{}", length: 1 << 63,
      "header length is 9,223,372,036,854,775,808 bytes, at most 100,000,000 are allowed"),
    file("big-endian length", "{ }", length: 3 << 56, "header length is stored big-endian, expected little-endian"),
  ]

  static let texts: [HostileFile] = [
    file("an array", "[]", "header begins with byte 0x5b, expected \"{\""),
    file("white space first", " {}", "header begins with byte 0x20, expected \"{\""),
    file("byte order mark", "\u{FEFF}{}", "header begins with byte 0xef, expected \"{\""),
    file("zero padding", "{}\0\0", "header: JSON at byte 2: text follows the value"),
    file("trailing text", "{}{}", "header: JSON at byte 2: text follows the value"),
    file("comment", "{/**/}", "header: JSON at byte 1: expected a key, found \"/\""),
    file("UTF-16", "{\0\"\0}\0", "header: JSON at byte 1: expected a key, found byte 0x0"),
    HostileFile(
      name: "bad UTF-8", bytes: [5, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x22, 0xFF, 0x22, 0x7D],
      message: "header: JSON at byte 2: not valid UTF-8"),
    file("lone surrogate", #"{"\ud800":1}"#, "header: JSON at byte 8: not a valid escape in a string"),
    file(
      "deep nesting", "{\"t\":" + String(repeating: "[", count: 100_000),
      "header: JSON at byte 68: nested deeper than 64 levels"),
    file("duplicate tensor", "{\(tensor("t", 0, 0)),\(tensor("t", 0, 0))}", "header: key \"t\" occurs twice"),
    file("duplicate by escape", "{\(tensor("t", 0, 0)),\(tensor("\\u0074", 0, 0))}", "header: key \"t\" occurs twice"),
    file(
      "duplicate metadata", #"{"__metadata__":{},"__metadata__":{}}"#, "header: key \"__metadata__\" occurs twice"),
    file(
      "duplicate metadata key", #"{"__metadata__":{"a":"","a":""}}"#,
      "header: JSON at byte 24: key \"a\" occurs twice"),
    file(
      "metadata that is a list", #"{"__metadata__":[]}"#, "header: __metadata__ is an array, expected an object"),
    file(
      "metadata of numbers", #"{"__metadata__":{"a":1}}"#,
      "header: __metadata__ key \"a\" is a number, expected a string"),
  ]

  static let entries: [HostileFile] = [
    entry("not an object", "1", "header entry is a number, expected an object"),
    entry(
      "unknown field", #"{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}"#,
      "unknown field \"strides\", expected \"dtype\", \"shape\" and \"data_offsets\""),
    entry("no dtype", #"{"shape":[0],"data_offsets":[0,0]}"#, "has no \"dtype\""),
    entry("no shape", #"{"dtype":"U8","data_offsets":[0,0]}"#, "has no \"shape\""),
    entry("no offsets", #"{"dtype":"U8","shape":[0]}"#, "has no \"data_offsets\""),
    file(
      "duplicate field", #"{"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
      "header: JSON at byte 19: key \"dtype\" occurs twice"),
    entry(
      "dtype of wrong kind", #"{"dtype":8,"shape":[0],"data_offsets":[0,0]}"#, "dtype is a number, expected a string"),
    entry("unknown dtype", #"{"dtype":"Q4_0","shape":[0],"data_offsets":[0,0]}"#, "dtype \"Q4_0\" is unknown"),
    entry("lower-case dtype", #"{"dtype":"f32","shape":[0],"data_offsets":[0,0]}"#, "dtype \"f32\" is unknown"),
    entry(
      "shape of wrong kind", #"{"dtype":"U8","shape":"2","data_offsets":[0,2]}"#,
      "shape is a string, expected an array"),
    entry(
      "negative extent", #"{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}"#,
      "shape has -1, expected integers from 0 to 2^63 - 1"),
    entry(
      "negative zero", #"{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}"#,
      "shape has -0, expected integers from 0 to 2^63 - 1"),
    entry(
      "fractional extent", #"{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}"#,
      "shape has 1.0, expected integers from 0 to 2^63 - 1"),
    entry(
      "extent beyond 63 bits", #"{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}"#,
      "shape has 9223372036854775808, expected integers from 0 to 2^63 - 1"),
    entry(
      "extent as text", #"{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}"#,
      "shape has \"1\", expected integers from 0 to 2^63 - 1"),
    entry(
      "product that wraps to 0", #"{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#,
      "shape [4294967296, 4294967296] has more bytes than 63 bits can count"),
    entry(
      "byte count that wraps to the right size",
      #"{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}"#, data: 8,
      "shape [2305843009213693953] has more bytes than 63 bits can count"),
    entry(
      "half a byte", #"{"dtype":"F4","shape":[3],"data_offsets":[0,2]}"#, data: 2,
      "3 elements of F4 do not fill whole bytes"),
    entry(
      "size against shape", #"{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}"#, data: 20,
      "2 × 3 of F32 takes 24 bytes but data_offsets span 20"),
  ]

  static let offsets: [HostileFile] = [
    entry(
      "one offset", #"{"dtype":"U8","shape":[0],"data_offsets":[0]}"#, "data_offsets has 1 element, expected 2"),
    entry(
      "negative offset", #"{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}"#,
      "data_offsets has -1, expected integers from 0 to 2^63 - 1"),
    entry(
      "reversed offsets", #"{"dtype":"U8","shape":[1],"data_offsets":[2,1]}"#,
      "data begins at byte 2 of the data section but ends at 1"),
    file(
      "overlap", "{\(tensor("a", 0, 4)),\(tensor("b", 2, 6))}", data: 6,
      "tensor \"b\": data begins at byte 2 of the data section but \"a\" ends at 4 (they overlap)"),
    file(
      "the same range twice", "{\(tensor("a", 0, 4)),\(tensor("b", 0, 4))}", data: 4,
      "tensor \"b\": data begins at byte 0 of the data section but \"a\" ends at 4 (they overlap)"),
    file(
      "empty tensor inside another", "{\(tensor("a", 0, 4)),\(tensor("b", 2, 2))}", data: 4,
      "tensor \"b\": data begins at byte 2 of the data section but \"a\" ends at 4 (they overlap)"),
    file(
      "hole at the start", "{\(tensor("a", 1, 4))}", data: 4,
      "tensor \"a\": data begins at byte 1 of the data section, expected 0 (a hole of 1 byte)"),
    file(
      "hole between", "{\(tensor("a", 0, 2)),\(tensor("b", 6, 8))}", data: 8,
      "tensor \"b\": data begins at byte 6 of the data section, expected 2 (a hole of 4 bytes)"),
    file("trailing data", "{\(tensor("a", 0, 2))}", data: 3, "1 byte follows the data, expected none"),
    file("data without tensors", "{}", data: 8, "8 bytes follow the data, expected none"),
    file(
      "truncated data", "{\(tensor("a", 0, 2000))}", data: 900,
      "tensor data takes 2,000 bytes but only 900 follow the header"
        + " (1,100 bytes are missing; is the download complete?)"),
    file(
      "data far beyond the file", "{\(tensor("a", 0, Int.max - 8))}",
      "tensor data takes 9,223,372,036,854,775,799 bytes but only 0 follow the header"
        + " (9,223,372,036,854,775,799 bytes are missing; is the download complete?)"),
    file(
      "a control character in a name", #"{"a\u001b[2J":1}"#,
      "tensor \"a\\u{1b}[2J\": header entry is a number, expected an object"),
  ]

  @Test("is refused early if many tensors share a range")
  func sharedRange() throws {
    let entries = (0..<100_000).map { Self.tensor("t\($0)", 0, 1_000_000) }
    let path = try folder.write(SafeTensorsBytes("{\(entries.joined(separator: ","))}").bytes, to: "m.safetensors")
    #expect(
      failure { try Checkpoint.open(path) }
        == "\(path): tensor \"t1\": data begins at byte 0 of the data section but \"t0\" ends at 1,000,000"
        + " (they overlap)")
  }

  @Test(
    "reads what is unusual but valid",
    arguments: [
      SafeTensorsBytes("{}"), SafeTensorsBytes("{}      "), SafeTensorsBytes("{ \n} \t"),
      SafeTensorsBytes("{\(tensor("", 0, 1))}", dataByteCount: 1),
      SafeTensorsBytes("{\(tensor("b", 2, 3)),\(tensor("a", 0, 2)),\(tensor("z", 2, 2))}", dataByteCount: 3),
      SafeTensorsBytes("{\(SafeTensorsBytes.entry("r8", "F16", [1, 1, 1, 2, 1, 1, 1, 1], 0, 4))}", dataByteCount: 4),
      SafeTensorsBytes("{\"__metadata__\":{\"big\":\"\(String(repeating: "x", count: 1 << 23))\"}}"),
    ])
  func unusual(file: SafeTensorsBytes) throws {
    _ = try Checkpoint.open(try folder.write(file.bytes, to: "m.safetensors"))
  }
}
