import Bytes
import Encodings
import Formats
import Tensors
import TestSupport
import Testing

/// A checkpoint of one or more tensors, right or wrong, and a configuration: what opening says of them.
struct PackedHeader: Sendable, CustomTestStringConvertible {
  /// Name, format and shape of each tensor, whose bytes are zeros.
  let tensors: [(String, String, [Int])]
  /// quantization_config; nil where there is none.
  let quantization: String?
  /// The one problem; nil if there is none.
  let problem: String?

  /// - Parameter changes: tensors in place of those of the same name, with an empty format to leave one out, or more.
  init(
    _ problem: String?, _ quantization: String?, _ tensors: [(String, String, [Int])],
    _ changes: [(String, String, [Int])] = []
  ) {
    self.problem = problem
    self.quantization = quantization
    let names = Set(changes.map(\.0))
    self.tensors = (tensors.filter { !names.contains($0.0) } + changes).filter { !$0.1.isEmpty }
  }

  var testDescription: String { problem ?? quantization ?? "bare" }

  /// A matrix of 32 rows and 96 columns in three groups, as GPTQ packs it to 4 bits.
  static let gptq = [
    ("q.qweight", "I32", [12, 32]), ("q.qzeros", "I32", [3, 4]), ("q.scales", "F16", [3, 32]), ("q.g_idx", "I32", [96]),
  ]
  static let bare = Array(gptq.dropLast())
  /// The same as AWQ packs it.
  static let awq = [("q.qweight", "I32", [96, 4]), ("q.qzeros", "I32", [3, 4]), ("q.scales", "F16", [3, 32])]

  func encoded(writing values: [String: [UInt8]] = [:]) throws -> EncodedCheckpoint {
    var entries: [String] = [], data: [UInt8] = []
    for (name, format, shape) in tensors {
      let format = try #require(StorageFormat(named: format))
      let count = try #require(format.byteCount(elementCount: shape.reduce(1, *)))
      entries.append(SafeTensorsBytes.entry(name, format.name, shape, data.count, data.count + count))
      data += values[name] ?? [UInt8](repeating: 0, count: count)
    }
    var file = SafeTensorsBytes("{\(entries.joined(separator: ","))}")
    file.data = data
    let path = try Self.folder.writeUnflushed(file.bytes, to: "\(UInt64.random(in: 0 ... .max)).safetensors")
    let configuration = try quantization.map { try JSON(parsing: Array(#"{"quantization_config":\#($0)}"#.utf8)) }
    return EncodedCheckpoint(try Checkpoint.open(path), configuration: configuration)
  }

  private static let folder = TemporaryFolder()

  func expectProblem() throws {
    let encoded = try encoded()
    #expect(encoded.problems.map(\.description) == (problem.map { [$0] } ?? []))
    if problem == nil { #expect(encoded.checkpoint.tensors.contains { $0.composition != nil }) }
  }
}
