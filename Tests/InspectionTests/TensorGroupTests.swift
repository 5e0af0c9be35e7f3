import Architectures
import Bytes
import Inspection
import TestSupport
import Testing

@Suite("A list of tensors")
struct TensorGroupTests {
  private let folder = TemporaryFolder()

  private func report(_ path: String) throws -> CheckpointReport {
    let isFile = path.hasSuffix(".gguf")
    return try CheckpointReport(
      path: isFile ? Fixtures.path(path) : Fixtures.checkpoint(path, in: folder), library: .bundled())
  }

  @Test("is added up by layer, in the order of the numbers")
  func layers() throws {
    let groups = try report("llama-linear").groups(by: .layer)
    let layers = groups.compactMap(\.name)
    #expect(layers == (0..<11).map { "model.layers.\($0)" })
    #expect(groups.reduce(0) { $0 + $1.elementCount } == (try report("llama-linear").elementCount))
  }

  @Test("is added up by kind")
  func kinds() throws {
    let groups = try report("expected/yi/yi-q8_0.gguf").groups(by: .kind)
    let query = try #require(groups.first { $0.name == "blk.*.attn_q.weight" })
    #expect(query.tensorCount == 3)
    #expect(query.elementCount == 3 * 64 * 64)
    #expect(query.formatWords == "3 Q8_0")
  }

  @Test(
    "is sorted",
    arguments: [
      (TensorOrder.size, "output.weight"), (.elements, "output.weight"), (.name, "blk.0.attn_k.weight"),
      (.type, "output_norm.weight"),
    ])
  func order(order: TensorOrder, first: String) throws {
    var report = try report("expected/yi/yi-q8_0.gguf")
    let names = Set(report.tensors.map(\.name))
    report.sort(by: order)
    #expect(Set(report.tensors.map(\.name)) == names)
    switch order {
    case .size, .elements:
      #expect(report.tensors.map(\.byteCount).max() == report.tensors.first?.byteCount)
      #expect(report.tensors.map(\.shape.elementCount).min() == report.tensors.last?.shape.elementCount)
    case .name: #expect(report.tensors.first?.name.text == first)
    case .type, .shape: #expect(report.tensors.first?.declaredFormat.description == "F32")
    }
  }

  @Test("has layer 2 before layer 10 when it is sorted by name")
  func numbers() throws {
    var report = try report("llama-linear")
    report.sort(by: .name)
    let names = report.tensors.map(\.name.text)
    let second = try #require(names.firstIndex { $0.hasPrefix("model.layers.2.") })
    let tenth = try #require(names.firstIndex { $0.hasPrefix("model.layers.10.") })
    #expect(second < tenth)
  }
}
