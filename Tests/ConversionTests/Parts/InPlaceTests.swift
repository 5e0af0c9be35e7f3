import Bytes
import Models
import TestSupport
import Testing

@testable import Conversion

/// The judge is a single run of the same conversion.
@Suite("Parts that are written in place")
struct InPlaceTests {
  private let inputs = TemporaryFolder(), folder = TemporaryFolder(), other = TemporaryFolder()

  @Test("become the output and receipt of a single run, together with parts in files", arguments: PartedConversion.all)
  func equality(conversion: PartedConversion) throws {
    let input = try conversion.stage(in: inputs)
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    let cut = conversion.source == "large" ? PartCut.byteCount(700_000) : .count(5)
    for filed in [[], [0, 3]] {
      let folder = TemporaryFolder()
      let (parts, made) = try conversion.planned(input, in: folder, cut)
      for index in parts.parts.indices.shuffled() {
        let place = filed.contains(index) ? PartPlace.file : .output
        #expect(try parts.work(index, in: made, place: place, threads: 2).isNew)
        #expect(try made.states()[index] == .done)
      }
      // Parts that are done are found wherever they are.
      let found = try parts.work(1, in: made, place: .file, threads: 1)
      #expect(!found.isNew && found.place == .output)
      #expect(try conversion.run(parts.plan, in: folder, by: .assembled(parts, made)) == single)
      // What was in place is the output now.
      #expect(try made.states()[0] == (filed.isEmpty && !parts.parts[0].pieces.isEmpty ? .missing : .done))
    }
  }

  /// A conversion whose GGUF has padding between tensors.
  private func planned() throws -> (ConversionParts, PartFolder) {
    let conversion = PartedConversion(source: "large", output: "out.gguf", type: .format(.f16))
    return try conversion.planned(conversion.stage(in: inputs), in: folder, .count(4))
  }

  @Test("are read back before they become the output, with the bytes between tensors")
  func damage() throws {
    let (parts, made) = try planned()
    let file = parts.plan.files[0], path = made.unfinishedPath(of: file.path)
    let padding = try #require(file.padding(in: file.header.count..<file.byteCount).first)
    for index in parts.parts.indices { _ = try parts.work(index, in: made, place: .output, threads: 2) }
    for place in [padding.lowerBound, file.header.count, file.byteCount - 1] {
      let damaged = try #require(parts.parts.first { $0.pieces[0].range.contains(place) }).index
      var bytes = try LocalFile(path).wholeContent(limit: 1 << 30)
      bytes[place] ^= 0x40
      try AtomicFile.write(bytes, to: path, overwrite: .replace)
      #expect { try assemble(parts, made) } throws: { error in
        (error as? UnfinishedParts)?.parts.map { "\($0.state): \($0.indices.rangeList)" } == ["damaged: \(damaged)"]
      }
      #expect(try parts.work(damaged, in: made, place: .output, threads: 1).isNew)
    }
    try assemble(parts, made)
    let single = other.file("single.gguf")
    let conversion = PartedConversion(source: "large", output: "single.gguf", type: .format(.f16))
    _ = try conversion.run(conversion.request(parts.plan.source.checkpoint.path, to: other).plan(), in: other)
    #expect(
      try LocalFile(file.path).wholeContent(limit: 1 << 30) == LocalFile(single).wholeContent(limit: 1 << 30))
  }

  private func assemble(_ parts: ConversionParts, _ made: PartFolder) throws {
    var job = ConversionJob(parts.plan)
    job.execution = .assembled(parts, made)
    let _: ConversionJob.Outcome<Never> = try job.run(check: nil)
  }

  @Test("are missing if the unfinished output is, and damaged if it has another size")
  func unfinishedOutput() throws {
    let (parts, made) = try planned()
    let path = made.unfinishedPath(of: parts.plan.files[0].path)
    _ = try parts.work(2, in: made, place: .output, threads: 2)
    #expect(try made.states() == [.missing, .missing, .done, .missing])
    try AtomicFile.write([0], to: path, overwrite: .replace)
    #expect(try made.states() == [.missing, .missing, .damaged, .missing])
    FileRemoval.remove(path)
    #expect(try made.states().allSatisfy { $0 == .missing })
    #expect(try parts.work(2, in: made, place: .output, threads: 2).isNew)
  }

  @Test("are right if two workers make the same ones, and wait for no lock")
  func twoWorkers() throws {
    let (parts, made) = try planned()
    try Parallel.forEach(8, threads: 4) { index in
      _ = try parts.work(index % 4, in: made, place: .output, threads: 1)
    }
    for (index, part) in parts.parts.enumerated() {
      #expect(try parts.finished(part, in: made).state == .done, "\(index)")
    }
    // An assembly has the file for itself.
    let path = parts.plan.files[0].path
    let kept = try AtomicFile(continuing: path, as: made.unfinishedKind, overwrite: .refuse)
    #expect { try assemble(parts, made) } throws: { ($0 as? FileError)?.mayPass == true }
    kept.discard()
    try assemble(parts, made)
  }
}
