import Bytes
import Models
import Quantization
import TestSupport
import Testing

@testable import Conversion

/// The judge of every continued run is one that was not stopped.
@Suite("A continued conversion")
struct ResumingTests {
  private let inputs = TemporaryFolder(), folder = TemporaryFolder(), other = TemporaryFolder()

  private struct Stopped: Error {}

  /// Begins a run that ends before its files get their names, and leaves `count` lines of its journal.
  private func stop(_ conversion: PartedConversion, _ input: String, after count: Int) throws -> String {
    let parts = try ConversionParts(resuming: folder.file(conversion.output)) {
      try conversion.request(input, to: folder).plan()
    }
    #expect(throws: Stopped.self) {
      try parts.resume(threads: 2, detail: .sums, acceptance: { _ in throw Stopped() }, progress: { _ in })
    }
    let journal = folder.file(".\(conversion.output).ingot-journal")
    let lines = try LocalFile(journal).wholeContent(limit: 1 << 24).split(separator: 0x0A)
    #expect(lines.count > 1)
    try AtomicFile.write(
      Array(lines.prefix(count + 1).map { Array($0) + [0x0A] }.joined()), to: journal, overwrite: .replace)
    return journal
  }

  private func resume(_ conversion: PartedConversion, _ input: String) throws -> [String: [UInt8]] {
    let parts = try ConversionParts(resuming: folder.file(conversion.output)) {
      try conversion.request(input, to: folder).plan()
    }
    return try conversion.run(parts.plan, in: folder, by: .resumed(parts))
  }

  @Test("has the bytes and the receipt of a run that was not stopped", arguments: PartedConversion.all)
  func equality(conversion: PartedConversion) throws {
    let input = try conversion.stage(in: inputs)
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    _ = try stop(conversion, input, after: 3)
    let continued = try resume(conversion, input)
    #expect(continued == single)
    // Nothing hidden is left.
    #expect(folder.names.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test("makes again what the disk does not have as the journal says")
  func lostBytes() throws {
    let conversion = try #require(PartedConversion.all.last { $0.shardSize == nil })
    let input = try conversion.stage(in: inputs)
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    let journal = try stop(conversion, input, after: 1000)
    // A power cut: blocks of the output are zeros, and the last line is torn.
    let unfinished = folder.file(".out.gguf.ingot-unfinished")
    var bytes = try LocalFile(unfinished).wholeContent(limit: 1 << 30)
    for index in bytes.count / 2..<bytes.count / 2 + 4096 { bytes[index] = 0 }
    try AtomicFile.write(Array(bytes.dropLast(5000)), to: unfinished, overwrite: .replace)
    var lines = try LocalFile(journal).wholeContent(limit: 1 << 24)
    lines.removeLast(40)
    try AtomicFile.write(lines + Array("\n{\"part\":-1}\nno line at all\n{".utf8), to: journal, overwrite: .replace)
    #expect(try resume(conversion, input) == single)
  }

  @Test("is right if a run that no journal tells of left other bytes, between tensors too")
  func strayBytes() throws {
    let conversion = PartedConversion(source: "large", output: "out.gguf", type: .format(.f16))
    let input = try conversion.stage(in: inputs)
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    let stray = [UInt8](repeating: 0xA5, count: 1000 + (single["out.gguf"]?.count ?? 0))
    try folder.write(stray, to: ".out.gguf.ingot-unfinished")
    #expect(try resume(conversion, input) == single)
  }

  @Test("is refused with other options, inputs or times of inputs, and says how to begin again")
  func otherConversion() throws {
    var conversion = PartedConversion.all[1]
    let input = try conversion.stage(in: inputs)
    let journal = try stop(conversion, input, after: 2)
    let refusal = PartError.otherJournal(path: folder.file("out.gguf"), journal: journal)
    let original = conversion
    conversion.type = .format(.q8_0)
    #expect(throws: refusal) { try resume(conversion, input) }
    let weights = Path.join(input, "model.safetensors")
    try AtomicFile.write(LocalFile(weights).wholeContent(limit: 1 << 30), to: weights, overwrite: .replace)
    #expect(throws: refusal) { try resume(original, input) }
    FileRemoval.remove(journal)
    let single = try original.run(original.request(input, to: other).plan(), in: other)
    #expect(try resume(original, input) == single)
  }

  @Test("is refused while another run makes the output")
  func twoRuns() throws {
    let conversion = PartedConversion.all[1], input = try conversion.stage(in: inputs)
    let parts = try ConversionParts(resuming: folder.file(conversion.output)) {
      try conversion.request(input, to: folder).plan()
    }
    let journal = try Journal(for: folder.file("out.gguf"))
    #expect {
      try parts.resume(threads: 1, detail: .sums, acceptance: { _ in }, progress: { _ in })
    } throws: { ($0 as? FileError)?.mayPass == true }
    journal.remove()
  }

  @Test("keeps what is done if the errors exceed a budget")
  func budget() throws {
    let conversion = PartedConversion.all[1], input = try conversion.stage(in: inputs)
    let parts = try ConversionParts(resuming: folder.file(conversion.output)) {
      try conversion.request(input, to: folder).plan()
    }
    var job = ConversionJob(parts.plan)
    job.execution = .resumed(parts)
    job.budget = .budget(try Budget(parsing: "nmse=1e-9", metrics: Budget.Metric.ofTensors))
    #expect(throws: BudgetExceeded.self) { try job.run(check: nil as ((String) -> Int)?) }
    #expect(folder.names == [".out.gguf.ingot-journal", ".out.gguf.ingot-unfinished"])
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    #expect(try resume(conversion, input) == single)
  }

  @Test("records reports exactly, histograms too")
  func records() throws {
    let plan = try PartedConversion.all[1].request(PartedConversion.all[1].stage(in: inputs), to: folder).plan()
    for outcome in try Executor.run(plan, threads: 2, detail: .histogram) {
      guard let report = outcome.report else { continue }
      #expect(EncodingReport(record: report.record, limit: report.elementCount) == report)
      #expect(EncodingReport(record: report.record, limit: report.elementCount - 1) == nil)
    }
  }
}
