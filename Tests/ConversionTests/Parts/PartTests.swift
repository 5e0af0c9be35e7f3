import Bytes
import Conversion
import Models
import TestSupport
import Testing

@testable import Conversion

/// The judge of every assembled output is a single run of the same conversion.
@Suite("A conversion in parts")
struct PartTests {
  private let inputs = TemporaryFolder(), folder = TemporaryFolder(), other = TemporaryFolder()

  @Test("has the bytes and the receipt of a single run, in any order and done twice", arguments: PartedConversion.all)
  func equality(conversion: PartedConversion) throws {
    let input = try conversion.stage(in: inputs)
    let single = try conversion.run(conversion.request(input, to: other).plan(), in: other)
    // One part for each slab flushes as many files.
    let cuts: [PartCut] = conversion.source == "large" ? [.count(30), .byteCount(700_000)] : [.count(1), .count(5)]
    for cut in cuts {
      let folder = TemporaryFolder()
      let (parts, made) = try conversion.planned(input, in: folder, cut)
      var order = Array(parts.parts.indices)
      order.shuffle(using: &Self.generator)
      for (number, index) in order.enumerated() {
        // A worker derives the plan for itself.
        let worker =
          number < 2
          ? try ConversionParts(made.plan) { try conversion.request(input, to: folder).plan() } : parts
        #expect(try worker.work(index, in: made, threads: 2).isNew)
      }
      if let last = order.last { #expect(try parts.work(last, in: made, threads: 1).isNew == false) }
      #expect(try made.states().allSatisfy { $0 == .done })
      let assembled = try conversion.run(parts.plan, in: folder, by: .assembled(parts, made))
      #expect(assembled == single, "\(cut)")
    }
  }

  nonisolated(unsafe) private static var generator = SystemRandomNumberGenerator()

  @Test("writes every byte after the headers in one part", arguments: PartedConversion.all)
  func cover(conversion: PartedConversion) throws {
    let plan = try conversion.request(conversion.stage(in: inputs), to: folder).plan()
    for cut in [PartCut.count(1), .count(2), .count(7), .count(1000), .byteCount(1), .byteCount(50_000)] {
      let parts = plan.parts(cut)
      #expect(parts.map(\.index) == Array(parts.indices))
      for (index, file) in plan.files.enumerated() {
        let ranges = parts.flatMap(\.pieces).filter { $0.fileIndex == index }.map(\.range)
        var end = file.header.count
        for range in ranges {
          #expect(range.lowerBound == end && !range.isEmpty)
          end = range.upperBound
        }
        #expect(end == file.byteCount)
      }
      for part in parts {
        #expect(Set(part.pieces.map(\.fileIndex)).count == part.pieces.count)
        for piece in part.pieces {
          #expect((piece.partOffset - piece.range.lowerBound) % AtomicFile.sharedBlockByteCount == 0)
        }
      }
      #expect(parts.reduce(0) { $0 + plan.jobs(of: $1).count } > 0 || plan.tensors.isEmpty)
    }
  }

  @Test("is cut into as many parts as asked for, of about equal work, between tensors where that fits")
  func balance() throws {
    let conversion = try #require(PartedConversion.all.last { $0.shardSize == nil })
    let plan = try conversion.request(conversion.stage(in: inputs), to: folder).plan()
    for count in [1, 2, 6, 1000] {
      let parts = plan.parts(.count(count))
      #expect(parts.count == count)
      #expect(parts.last?.pieces.isEmpty == (count == 1000))
    }
    let starts = Set(plan.files[0].tensors.map(\.fileOffset))
    let two = plan.parts(.count(2))
    #expect(starts.contains(two[1].pieces[0].range.lowerBound))
    for limit in [400_000, 1_000_000] {
      #expect(plan.parts(.byteCount(limit)).allSatisfy { $0.byteCount <= limit || plan.jobs(of: $0).count == 1 })
    }
  }

  @Test("reads no byte that the plan does not list", arguments: PartedConversion.all)
  func reads(conversion: PartedConversion) throws {
    let (parts, made) = try conversion.planned(conversion.stage(in: inputs), in: folder, .count(4))
    let document = parts.document
    let paths = (document["inputs"]?.array ?? []).compactMap { $0["path"]?.string }
    func ranges(_ json: JSON?) -> MergedRanges {
      MergedRanges(
        (json?.array ?? []).map { pair in
          let start = pair.array?[0].integer ?? 0
          return start..<start + (pair.array?[1].integer ?? 0)
        })
    }
    for (index, part) in (document["parts"]?.array ?? []).enumerated() {
      var listed: [String: MergedRanges] = [:]
      for input in document["inputs"]?.array ?? [] {
        listed[input["path"]?.string ?? ""] = ranges(input["planning"])
      }
      for read in part["reads"]?.array ?? [] {
        listed[paths[read["input"]?.integer ?? 0]]?.insert(ranges(read["ranges"]))
      }
      _ = try parts.work(index, in: made, threads: 1)
      let bytes = try #require(try made.manifest(index))
      let manifest = try JSON(parsing: bytes)
      for read in manifest["reads"]?.array ?? [] {
        let path = try #require(read["path"]?.string)
        #expect(listed[path]?.contains(ranges(read["ranges"])) == true, "\(path)")
      }
    }
  }

  @Test("needs nothing of the inputs but what the plan lists for the part")
  func staged() throws {
    let conversion = PartedConversion(source: "large", output: "out.gguf", type: .format(.f16))
    let input = try conversion.stage(in: inputs)
    var naming = conversion
    naming.type = PartedConversion.all.last { $0.shardSize == nil }?.type ?? .automatic
    let (parts, made) = try naming.planned(input, in: folder, .count(5))
    let whole = try LocalFile(input).wholeContent(limit: 1 << 30)
    for (index, part) in (parts.document["parts"]?.array ?? []).enumerated() {
      _ = try parts.work(index, in: made, threads: 2)
      let expected = try LocalFile(made.partPath(index)).wholeContent(limit: 1 << 30)
      unlinkFiles(made, index)
      // The same file with zeros in place of all other bytes.
      var bytes = [UInt8](repeating: 0, count: whole.count)
      let planning = parts.document["inputs"]?.array?.first { $0["path"]?.string == input }?["planning"]
      for list in [planning] + (part["reads"]?.array ?? []).map({ $0["ranges"] }) {
        for pair in list?.array ?? [] {
          let start = pair.array?[0].integer ?? 0, count = pair.array?[1].integer ?? 0
          bytes.replaceSubrange(start..<start + count, with: whole[start..<start + count])
        }
      }
      #expect(bytes != whole)
      try AtomicFile.write(bytes, to: input, overwrite: .replace)
      let worker = try ConversionParts(made.plan) { try naming.request(input, to: folder).plan() }
      #expect(try worker.work(index, in: made, threads: 1).isNew)
      #expect(try LocalFile(made.partPath(index)).wholeContent(limit: 1 << 30) == expected)
      try AtomicFile.write(whole, to: input, overwrite: .replace)
    }
  }

  private func unlinkFiles(_ made: PartFolder, _ index: Int) {
    for path in [made.partPath(index), made.manifestPath(index)] { FileRemoval.remove(path) }
  }

  @Test("names parts as job arrays do")
  func rangeList() {
    #expect([Int]().rangeList == "")
    #expect([3, 17, 18, 19].rangeList == "3,17-19")
    #expect([0, 1, 3].rangeList == "0-1,3")
  }

  @Test("is refused for an output whose bytes have no places", arguments: ["out.gguf.zst"])
  func places(name: String) throws {
    var conversion = PartedConversion.all[0]
    conversion.output = name
    let input = try conversion.stage(in: inputs)
    #expect(throws: PartError.hasNoPlaces(path: folder.file(name), kind: "compressed")) {
      try conversion.planned(input, in: folder, .count(2))
    }
  }
}
