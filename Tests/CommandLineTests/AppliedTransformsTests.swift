import Bytes
import Foundation
import TestSupport
import Testing

/// A GGUF of Gemma whose norms lack the 1, made by stating what is not so.
@Suite("Applied transforms")
struct AppliedTransformsTests {
  let folder = TemporaryFolder()

  /// Converts the fixture so that the norms go over as they are.
  private func wrongGGUF() throws -> String {
    let fixture = try ArchitectureFixture.named("gemma")
    let output = folder.file("wrong.gguf")
    let run = try Program.run(
      [
        "convert", try fixture.stage(in: folder), "-o", output, "--has-transform", "plus_one=yes", "--receipt",
        folder.file("receipt.json"),
      ])
    #expect(run.status == 0)
    #expect(
      run.output.contains(
        "note: norms have 1 added (--has-transform), but the naming scheme \"hf\" declares that they have no 1 added\n")
    )
    return output
  }

  @Test("are shown by check and inspect, which pass")
  func shown() throws {
    let path = try wrongGGUF()
    let words =
      "norms have no 1 added, but the naming scheme \"gguf\" declares that they have 1 added: of 160 values in 5 tensors"
    let check = try Program.run(["check", path])
    #expect(check.status == 0)
    #expect(check.output.contains("transform.plus_one"))
    #expect(check.output.contains(words))
    #expect(try Program.run(["inspect", "--stats", path]).output.contains(words))
    #expect(try !Program.run(["inspect", path]).output.contains("transforms"))
    let stated = try Program.run(["check", path, "--has-transform", "plus_one=yes"])
    #expect(!stated.output.contains("transform.plus_one"))
  }

  @Test("are recorded in receipts")
  func recorded() throws {
    _ = try wrongGGUF()
    let receipt = try JSON(parsing: LocalFile(folder.file("receipt.json")).wholeContent(limit: 1 << 20))
    let entry = try #require(receipt["applied_transforms"]?.array?.first)
    #expect(entry["transform"]?.string == "plus_one")
    #expect(entry["decided_by"]?.string == "option")
    #expect(entry["applied"]?.bool == true)
    #expect(receipt["rounded"]?.array?.isEmpty == true)
  }

  @Test("of a source count when its output is compared with it, and not otherwise")
  func compared() throws {
    let path = try wrongGGUF(), right = folder.file("right.gguf"), source = folder.file("gemma")
    let run = try Program.run(["convert", path, "-o", right, "--verify"])
    #expect(run.status == 0)
    #expect(run.output.contains("warning: norms have no 1 added, but"))
    #expect(try Program.run(["diff", right, source]).status == 0)
    // Other programs read the file as its names declare, and so does a comparison.
    #expect(try Program.run(["diff", path, source]).status == 1)
    #expect(try Program.run(["diff", path, source, "--has-transform", "plus_one=no"]).status == 0)
    #expect(try Program.run(["diff", path, path]).status == 0)
  }

  @Test("of a GGUF that is quantized stay, with a warning")
  func quantized() throws {
    let run = try Program.run(["quantize", try wrongGGUF(), folder.file("q.gguf"), "Q8_0"])
    #expect(run.status == 0)
    #expect(run.output.contains("quantize does not change layouts (convert fixes this)\n"))
  }

  @Test("must be stated of a transform that is known and there")
  func misspelled() throws {
    let unknown = try Program.run(["check", "fixtures/yi", "--has-transform", "transpose=yes"])
    #expect(unknown.status == 64)
    let absent = try Program.run(["check", "fixtures/yi", "--has-transform", "plus_one=yes"])
    #expect(absent.status == 64)
    #expect(
      absent.error
        == "ingot: error: --has-transform plus_one: no tensor of yi has this transform (those that have: rotary)\n")
  }
}
