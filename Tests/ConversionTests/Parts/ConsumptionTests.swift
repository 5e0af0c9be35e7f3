import Bytes
import Models
import TestSupport
import Testing

@testable import Conversion

/// The judge is a run that deletes nothing.
@Suite("A source that is consumed")
struct ConsumptionTests {
  private let inputs = TemporaryFolder(), folder = TemporaryFolder(), other = TemporaryFolder()

  /// A conversion of a model in several files.
  struct Sharded: CustomTestStringConvertible, Sendable {
    let making: PartedConversion, conversion: PartedConversion

    var testDescription: String { conversion.testDescription }
  }

  /// Encoded and copied tensors, to one file and to several, with tied, stacked and permuted tensors.
  static let all: [Sharded] = [
    sharded("llama-gqa", "copy", 100_000, "out.gguf", .format(.q8_0)),
    sharded("llama3-tied", "copy", 100_000, "out.gguf", .format(.f16)),
    sharded("architecture:mixtral", "copy", 40_000, "out.gguf", .format(.bf16)),
    sharded("llama-gqa", "copy", 100_000, "other", .automatic),
    sharded("large", "split.gguf", 5_000_000, "out.gguf", .format(.f16)),
    sharded("large", "split.gguf", 5_000_000, "out.gguf", .automatic),
  ]

  private static func sharded(
    _ source: String, _ shards: String, _ size: Int, _ output: String, _ type: ConversionRequest.TypeChoice
  ) -> Sharded {
    Sharded(
      making: PartedConversion(source: source, output: shards, shardSize: size),
      conversion: PartedConversion(source: source, output: output, type: type))
  }

  /// Makes the source; returns its path and the paths of its shards.
  private func stage(_ sharded: Sharded) throws -> (path: String, shards: [String]) {
    let source = try sharded.making.stage(in: other)
    let plan = try sharded.making.request(source, to: inputs).plan()
    _ = try sharded.making.run(plan, in: inputs)
    FileRemoval.remove(inputs.file("receipt.json"))
    try #require(plan.files.count > 1)
    return (plan.openablePath, plan.files.map(\.path))
  }

  private func planned(_ sharded: Sharded, _ input: String) throws -> ConversionParts {
    try ConversionParts(resuming: folder.file(sharded.conversion.output), consumesSource: true) {
      try sharded.conversion.request(input, to: folder).plan()
    }
  }

  private func consume(_ sharded: Sharded, _ input: String) throws -> [String: [UInt8]] {
    let parts = try planned(sharded, input)
    return try sharded.conversion.run(parts.plan, in: folder, by: .resumed(parts))
  }

  private func single(_ sharded: Sharded, _ input: String) throws -> [String: [UInt8]] {
    let single = TemporaryFolder()
    return try sharded.conversion.run(sharded.conversion.request(input, to: single).plan(), in: single)
  }

  private func there(_ shards: [String]) -> [Bool] { shards.map { InputLocation.kind(at: $0) == .regular } }

  @Test("is gone in the end, and output and receipt are the same", arguments: all)
  func equality(sharded: Sharded) throws {
    let (input, shards) = try stage(sharded), expected = try single(sharded, input)
    let parts = try planned(sharded, input)
    #expect(parts.plan.consumption?.files.map(\.path) == shards)
    #expect(parts.plan.json["consumed_files"]?.array?.count == shards.count)
    #expect(try sharded.conversion.run(parts.plan, in: folder, by: .resumed(parts)) == expected)
    #expect(there(shards).allSatisfy { !$0 })
    #expect(folder.names.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test("is planned again and converted to the end after a stop when some of it is gone", arguments: all)
  func stopped(sharded: Sharded) throws {
    let (input, shards) = try stage(sharded), expected = try single(sharded, input)
    // A folder is in the way of what is kept of one of the files.
    let parts = try planned(sharded, input)
    let last = try #require(parts.inputs.firstIndex { $0.path == shards[1] })
    let obstacle = folder.file(".\(sharded.conversion.output).ingot-consumed-\(last)")
    try FileSystem.createFolder(obstacle)
    #expect(throws: FileError.self) { try sharded.conversion.run(parts.plan, in: folder, by: .resumed(parts)) }
    #expect(there(shards)[1] && there(shards).contains(false))
    // Without room for what is kept, nothing more is deleted.
    let left = there(shards)
    #expect(throws: FileError.self) { try consume(sharded, input) }
    #expect(there(shards)[1] && there(shards).count { $0 } <= left.count { $0 })
    FileSystem.removeEmptyFolder(obstacle)
    #expect(try consume(sharded, input) == expected)
    #expect(there(shards).allSatisfy { !$0 })
    #expect(folder.names.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test("is asked for again by name if the disk has lost what was made of it")
  func lostParts() throws {
    let sharded = Self.all[0], (input, shards) = try stage(sharded)
    let parts = try planned(sharded, input)
    struct Stopped: Error {}
    #expect(throws: Stopped.self) {
      try parts.resume(threads: 2, detail: .sums, acceptance: { _ in throw Stopped() }, progress: { _ in })
    }
    #expect(there(shards).allSatisfy { !$0 })
    let unfinished = folder.file(".out.gguf.ingot-unfinished")
    var bytes = try LocalFile(unfinished).wholeContent(limit: 1 << 30)
    bytes[bytes.count - 100] ^= 1
    try AtomicFile.write(bytes, to: unfinished, overwrite: .replace)
    #expect { try consume(sharded, input) } throws: { error in
      guard case FileError.isConsumed(let path, _)? = error as? FileError else { return false }
      return shards.contains(path)
    }
  }

  @Test("stays if it has another name, is compressed, or the output is named after it")
  func refusals() throws {
    let sharded = Self.all[0], (input, shards) = try stage(sharded)
    #expect(FileRemoval.addName(inputs.file("second.name"), to: shards[1]))
    #expect { try planned(sharded, input) } throws: { error in
      guard case FileError.hasOtherNames(shards[1], 2)? = error as? FileError else { return false }
      return true
    }
    FileRemoval.remove(inputs.file("second.name"))
    #expect(throws: SourceConsumptionError.namedByPlan(path: folder.file("{name}.gguf"))) {
      try ConversionParts(resuming: folder.file("{name}.gguf"), consumesSource: true) {
        try sharded.conversion.request(input, to: folder).plan()
      }
    }
    #expect(there(shards).allSatisfy { $0 })
  }
}
