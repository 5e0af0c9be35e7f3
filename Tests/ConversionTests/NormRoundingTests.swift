import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// What adding 1 to Gemma's norms loses, and that it is said.
@Suite("Rounding of norms")
struct NormRoundingTests {
  let folder = TemporaryFolder()

  private func plan(_ source: String, _ output: String) throws -> ConversionPlan {
    try Planner.plan(
      try Model.open(source, library: try .bundled(), appliedTransforms: .detectFromValues),
      ConversionRequest(destination: folder.file(output)))
  }

  private func gemma(_ change: (inout [Float]) -> Void) throws -> String {
    let fixture = try ArchitectureFixture.named("gemma")
    return try WrittenModel(copying: fixture.stage(in: folder), in: folder, name: "changed") { tensors in
      for index in tensors.indices where tensors[index].name == "model.norm.weight" { change(&tensors[index].values) }
    }.path
  }

  @Test("norms of bfloat16 come back exactly", arguments: ["gemma", "gemma2", "gemma3"])
  func bfloat16(name: String) throws {
    let fixture = try ArchitectureFixture.named(name)
    #expect(try plan(fixture.stage(in: folder), "out.gguf").rounded.isEmpty)
  }

  @Test("names values that float32 rounds")
  func roundedValues() throws {
    // 1 + 2⁻²³ is the next number after 1: half of that is lost, twice it is not.
    let source = try gemma { values in
      values[0] = 0x1p-24
      values[1] = 0x1.000002p-3
      values[2] = 0x1p-22
    }
    let plan = try plan(source, "out.gguf")
    #expect(plan.rounded.map(\.name.text) == ["output_norm.weight"])
    #expect(plan.rounded.map(\.rounding.changedCount) == [2])
    #expect(plan.rounded[0].rounding.valueCount == 32)
    #expect(plan.rounded[0].rounding.maximumAbsoluteError == 0x1p-24)
    #expect(
      plan.messages.contains(
        .warning(
          "2 of 32 values in 1 tensor change by up to 5.96e-08 when 1 is added and subtracted again (\"output_norm.weight\")"
        )))
    let entry = try #require(plan.json["rounded"]?.array?.first)
    #expect(entry["name"]?.string == "output_norm.weight")
    #expect(entry["changed"]?.integer == 2)
    // The files agree: exactly these values are other ones after the way there and back.
    _ = try Executor.run(plan, threads: 1)
    try convert(folder.file("out.gguf"), to: folder.file("back"))
    func norm(_ path: String) throws -> [Float] {
      try WrittenModel.tensors(of: path).first { $0.name == "model.norm.weight" }?.values ?? []
    }
    let pairs = try zip(norm(source), norm(folder.file("back")))
    #expect(pairs.map { $0 != $1 } == (0..<32).map { $0 < 2 })
  }

  @Test("also measures conversions from a GGUF")
  func fromGGUF() throws {
    let source = try gemma { $0[0] = 0 }
    _ = try Executor.run(try plan(source, "out.gguf"), threads: 1)
    #expect(try plan(folder.file("out.gguf"), "back").rounded.isEmpty)
  }
}
