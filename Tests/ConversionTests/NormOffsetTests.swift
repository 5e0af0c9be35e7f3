import Architectures
import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// Gemma's norms, stored as `w` or as `1 + w`: told by their values, and 1 never added twice.
@Suite("Norms")
struct NormOffsetTests {
  let folder = TemporaryFolder()
  static let names = ["gemma", "gemma2", "gemma3"]

  /// The fixture in float32, `addend` added to every norm.
  private func gemma(_ name: String, plus addend: Float, as copy: String) throws -> String {
    let fixture = try ArchitectureFixture.named(name)
    let staged = FileSystem.kind(of: folder.file(name)) == nil ? try fixture.stage(in: folder) : folder.file(name)
    return try WrittenModel(copying: staged, in: folder, name: copy) { tensors in
      for index in tensors.indices where tensors[index].dimensions.count == 1 {
        for element in tensors[index].values.indices { tensors[index].values[element] += addend }
      }
    }.path
  }

  private func plan(
    _ source: String, _ output: String, _ appliedTransforms: TransformDetection = .detectFromValues,
    type: StorageFormat? = nil
  ) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file(output))
    if let type { request.type = .format(type) }
    return try Planner.plan(
      try Model.open(source, library: try .bundled(), appliedTransforms: appliedTransforms), request)
  }

  @discardableResult
  private func run(
    _ source: String, _ output: String, _ appliedTransforms: TransformDetection = .detectFromValues,
    type: StorageFormat? = nil
  ) throws -> ConversionPlan {
    let plan = try plan(source, output, appliedTransforms, type: type)
    _ = try Executor.run(plan, threads: 2)
    return plan
  }

  private func isAboutNorms(_ remark: PlanMessage) -> Bool { remark.message.hasPrefix("norms have") }

  @Test("what is 1 + w already gets no other 1", arguments: names)
  func added(name: String) throws {
    let plain = try run(gemma(name, plus: 0, as: "plain"), "plain.gguf")
    let added = try run(gemma(name, plus: 1, as: "added"), "added.gguf")
    #expect(try tensorBytes(folder.file("added.gguf")) == tensorBytes(folder.file("plain.gguf")))
    #expect(!plain.messages.contains(where: isAboutNorms))
    let remark = try #require(added.messages.first(where: isAboutNorms))
    #expect(remark.severity == .warning)
    #expect(
      remark.message.hasPrefix(
        "norms have 1 added, but the naming scheme \"hf\" declares that they have no 1 added: of "))
    #expect(remark.message.hasSuffix("; they are read so (pass --has-transform plus_one=no if that is wrong)"))
    #expect(added.json["applied_transforms"]?.array?.first?["decided_by"]?.string == "values")
    #expect(added.json["applied_transforms"]?.array?.first?["applied"]?.bool == true)
    #expect(plain.json["applied_transforms"]?.array?.first?["applied"]?.bool == false)
  }

  @Test("follow the naming scheme of an output folder")
  func folderTest() throws {
    try run(gemma("gemma", plus: 1, as: "added"), "back")
    #expect(try tensorBytes(folder.file("back")) == tensorBytes(gemma("gemma", plus: 0, as: "plain")))
  }

  @Test("follow --has-transform over the values")
  func explicit() throws {
    let source = try gemma("gemma", plus: 1, as: "added")
    let stated = TransformDetection(.detectFromValues, explicit: [.plusOne: false])
    let plan = try run(source, "twice.gguf", stated)
    #expect(!plan.messages.contains { $0.severity == .warning && isAboutNorms($0) })
    #expect(plan.json["applied_transforms"]?.array?.first?["decided_by"]?.string == "option")
    let norms = try WrittenModel.tensors(of: folder.file("twice.gguf")).filter { $0.name == "output_norm.weight" }
    let original = try WrittenModel.tensors(of: source).filter { $0.name == "model.norm.weight" }
    #expect(norms[0].values == original[0].values.map { $0 + 1 })
    #expect { try Model.open(Fixtures.path("yi"), library: try .bundled(), appliedTransforms: stated) } throws: {
      "\($0)" == "--has-transform plus_one: no tensor of yi has this transform (those that have: rotary)"
    }
  }

  @Test("without the 1 are found in a GGUF", arguments: names)
  func forgotten(name: String) throws {
    let source = try gemma(name, plus: 0, as: "plain"), bare = try gemma(name, plus: -1, as: "bare")
    // What is w − 1 becomes w when 1 is added as the names declare: a GGUF of w.
    try run(bare, "forgotten.gguf", .namesOnly)
    try run(source, "right.gguf")
    let back = try run(folder.file("forgotten.gguf"), "back")
    #expect(try tensorBytes(folder.file("back")) == tensorBytes(source))
    #expect(back.messages.contains { $0.severity == .warning && $0.message.hasPrefix("norms have no 1 added, but") })
    // Values that do not fit float32 exactly were rounded once more on the detour.
    let mended = try run(folder.file("forgotten.gguf"), "mended.gguf", type: .f32)
    #expect(mended.messages.contains(where: isAboutNorms))
    #expect(try tensorBytes(folder.file("mended.gguf")) == tensorBytes(folder.file("right.gguf")))
    #expect(try !plan(folder.file("right.gguf"), "again").messages.contains(where: isAboutNorms))
  }

  @Test("decide nothing if they were never trained", arguments: [0, 1] as [Float])
  func constant(value: Float) throws {
    let source = try WrittenModel(copying: gemma("gemma", plus: 0, as: "plain"), in: folder, name: "new") { tensors in
      for index in tensors.indices where tensors[index].dimensions.count == 1 {
        tensors[index].values = tensors[index].values.map { _ in value }
      }
    }.path
    let plan = try run(source, "new.gguf")
    #expect(!plan.messages.contains(where: isAboutNorms))
    let norm = try #require(
      try WrittenModel.tensors(of: folder.file("new.gguf")).first { $0.name == "output_norm.weight" })
    #expect(norm.values.allSatisfy { $0 == value + 1 })
  }

  @Test("are not read if the architecture has no such transform")
  func withoutTransform() throws {
    let model = try Model.open(
      ArchitectureFixture.named("qwen2").stage(in: folder), library: try .bundled(),
      appliedTransforms: .detectFromValues)
    #expect(model.appliedTransforms.findings.isEmpty)
  }
}
