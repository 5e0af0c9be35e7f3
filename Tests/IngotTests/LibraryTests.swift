import Foundation
import Ingot
import TestSupport
import Testing

@Suite("The library")
struct LibraryTests {
  @Test("describes a checkpoint")
  func describing() throws {
    #expect(
      try describe(Fixtures.path("llama-gqa"))
        == "safetensors: 30 tensors, 368.9 KiB, the largest is \"lm_head.weight\"")
  }

  @Test("reads the same values from two layouts")
  func reading() throws {
    let numbers = try queryRow(5, layer: 1, of: Fixtures.path("llama-gqa"))
    #expect(numbers.count == 64)
    #expect(try queryRow(5, layer: 1, of: Fixtures.path("meta", "model.safetensors")) == numbers)
  }

  @Test("converts, compares and runs")
  func converting() throws {
    let folder = TemporaryFolder()
    let receipt = try convert(Fixtures.path("llama3-tied"), to: folder.file("model.gguf"))
    #expect(receipt.errors.outcomes.count == 30)
    #expect(try isFaithful(folder.file("model.gguf"), to: Fixtures.path("llama3-tied")))
    let next = try nextToken(after: "The quick brown", by: folder.file("model.gguf"))
    #expect(try next == nextToken(after: "The quick brown", by: Fixtures.path("llama3-tied")))
  }

  @Test("is documented by this very code")
  func documentation() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let example = try String(contentsOf: folder.appendingPathComponent("LibraryExample.swift"), encoding: .utf8)
    let page = try String(contentsOf: folder.appendingPathComponent("../../docs/use-as-library.md"), encoding: .utf8)
    for part in example.components(separatedBy: "\n\n/// ") where !part.hasPrefix("import") {
      #expect(page.contains("/// " + part.trimmingCharacters(in: .newlines)), "docs/use-as-library.md lacks: \(part)")
    }
  }
}
