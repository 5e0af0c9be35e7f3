import Bytes
import Foundation
import Models
import Quantization
import TestSupport
import Testing

@testable import Conversion

@Suite("Assembling parts")
struct PartFaultTests {
  private let inputs = TemporaryFolder(), folder = TemporaryFolder()
  private let conversion = PartedConversion.all[1]

  /// Six parts that are done.
  private func made() throws -> (input: String, parts: ConversionParts, folder: PartFolder) {
    let input = try conversion.stage(in: inputs)
    let (parts, made) = try conversion.planned(input, in: folder, .count(6))
    for index in parts.parts.indices { _ = try parts.work(index, in: made, threads: 2) }
    return (input, parts, made)
  }

  private func states(_ parts: ConversionParts, _ made: PartFolder) -> [String] {
    do {
      _ = try conversion.run(parts.plan, in: folder, by: .assembled(parts, made))
      return []
    } catch let error as UnfinishedParts {
      return error.parts.map { "\($0.state): \($0.indices.rangeList)" }
    } catch {
      return ["\(error)"]
    }
  }

  private func bytes(_ path: String) throws -> [UInt8] { try LocalFile(path).wholeContent(limit: 1 << 30) }

  private func edit(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
    var content = try bytes(path)
    change(&content)
    try AtomicFile.write(content, to: path, overwrite: .replace)
  }

  @Test("refuses missing, damaged, truncated and foreign parts, names them, and takes them when they are made again")
  func faults() throws {
    let (_, parts, made) = try made()
    FileRemoval.remove(made.manifestPath(0))
    FileRemoval.remove(made.partPath(1))
    try edit(made.partPath(2)) { $0[$0.count / 2] ^= 1 }
    try edit(made.partPath(3)) { $0.removeLast() }
    try edit(made.manifestPath(4)) { $0[$0.count / 2] ^= 1 }
    try AtomicFile.write(bytes(made.manifestPath(4)), to: folder.file("kept.json"), overwrite: .replace)
    // A manifest of another part, and its bytes.
    for path in [made.partPath, made.manifestPath] {
      try AtomicFile.write(bytes(path(0 == 1 ? 0 : 2)), to: path(5), overwrite: .replace)
    }
    #expect(states(parts, made) == ["missing: 0-1", "damaged: 2-4", "foreign: 5"])
    #expect(folder.names.allSatisfy { !$0.hasPrefix("out") && !$0.hasPrefix("receipt") })
    // Sizes and manifests show all but flipped bits.
    #expect(try made.states().map(\.rawValue) == ["missing", "missing", "done", "damaged", "damaged", "foreign"])
    for index in parts.parts.indices { #expect(try parts.work(index, in: made, threads: 1).isNew) }
    #expect(states(parts, made).isEmpty)
  }

  @Test("refuses parts of another plan")
  func otherPlan() throws {
    let (input, parts, made) = try made()
    let elsewhere = TemporaryFolder()
    var other = conversion
    other.type = .format(.q8_0)
    let (otherParts, otherFolder) = try other.planned(input, in: elsewhere, .count(6))
    _ = try otherParts.work(2, in: otherFolder, threads: 1)
    for (from, to) in [
      (otherFolder.partPath(2), made.partPath(2)), (otherFolder.manifestPath(2), made.manifestPath(2)),
    ] {
      try AtomicFile.write(bytes(from), to: to, overwrite: .replace)
    }
    #expect(states(parts, made) == ["foreign: 2"])
  }

  @Test("refuses parts that were made of inputs with other bytes, and takes copies with other times")
  func changedInputs() throws {
    let (input, parts, made) = try made()
    let weights = Path.join(input, "model.safetensors"), original = try bytes(weights)
    // The same bytes at another time.
    try AtomicFile.write(original, to: weights, overwrite: .replace)
    let again = try ConversionParts(made.plan) { try conversion.request(input, to: folder).plan() }
    #expect(try again.work(0, in: made, threads: 1).isNew == false)
    // The last tensors, which planning does not read.
    let part = try #require(
      parts.parts.indices.first { index in
        let manifest = try? JSON(parsing: made.manifest(index) ?? [])
        return manifest?["reads"]?.array?.contains { $0["path"]?.string == weights } == true
      })
    let content = try #require(try made.manifest(part))
    let manifest = try JSON(parsing: content)
    let read = try #require(manifest["reads"]?.array?.first { $0["path"]?.string == weights })
    let place = try #require(read["ranges"]?.array?.last?.array?[0].integer)
    try edit(weights) { $0[place] ^= 0x40 }
    let changed: ConversionParts
    do {
      changed = try ConversionParts(made.plan) { try conversion.request(input, to: folder).plan() }
    } catch {
      #expect("\(error)".contains("sha256 was"))
      return
    }
    #expect(states(changed, made).contains { $0.hasPrefix("outdated:") })
    #expect(try changed.work(part, in: made, threads: 1).isNew)
  }

  @Test("refuses a plan whose inputs, version or contents are others")
  func otherContents() throws {
    let (input, _, made) = try made()
    let weights = Path.join(input, "model.safetensors")
    try edit(Path.join(input, "config.json")) { $0 += Array(" ".utf8) }
    func derive(_ plan: SavedPlan) throws {
      _ = try ConversionParts(plan) { try conversion.request(input, to: folder).plan() }
    }
    #expect { try derive(made.plan) } throws: { error in
      guard case PartError.disagrees(_, let place, _, _)? = error as? PartError else { return false }
      return place.hasPrefix("inputs[") && (error as? PartError)?.category == .input
    }
    try edit(Path.join(input, "config.json")) { $0.removeLast() }
    try derive(made.plan)
    try edit(weights) { $0 += [0] }
    #expect(throws: (any Error).self) { try derive(made.plan) }
    try edit(weights) { $0.removeLast() }
    let path = folder.file("plan.json"), text = String(decoding: try bytes(path), as: UTF8.self)
    for (old, new) in [
      ("\"version\": \"\(ToolInfo.version)\"", "\"version\": \"0.0.9\""),
      ("\"offset\": ", "\"offset\": 1"), ("\"bytes_out\": ", "\"bytes_out\": 9"),
      ("\"type\": \"Q4_K_M\"", "\"type\": \"Q6_K\""),
      ("\"parts\": 6", "\"parts\": 5"),
    ] {
      let range = try #require(text.range(of: old))
      try folder.write(Array(text.replacingCharacters(in: range, with: new).utf8), to: "other.json")
      #expect(throws: PartError.self, "\(old)") { try derive(SavedPlan(folder.file("other.json"))) }
    }
  }

  /// Members of a plan and values that no plan has.
  private static let hostile: [(path: [String], value: JSON)] = [
    (["schema"], .string("ingot.plan/1")), (["arguments"], .array([.integer(1)])), (["arguments"], .null),
    (["cut"], .members(["parts": .integer(0)])), (["cut"], .members(["part_bytes": .integer(-1)])), (["parts"], .null),
    (["parts"], .array([.null])), (["tool"], .string("x")),
    (["parts"], .array([.members(["writes": .array([piece(0, Int.max, Int.max)])])])),
    (["parts"], .array([.members(["writes": .array([piece(-1, 0, 1)])])])),
    (["parts"], .array([.members(["writes": .array([piece(0, 0, -1)])])])),
    (["parts"], .array([.members(["writes": .array((0..<100).map { piece($0, 0, 1 << 57) })])])),
  ]

  private static func piece(_ file: Int, _ offset: Int, _ count: Int) -> JSON {
    .members(["file": .integer(file), "offset": .integer(offset), "bytes": .integer(count)])
  }

  @Test("refuses plans that no program saved", arguments: hostile.indices)
  func hostilePlans(index: Int) throws {
    let input = try conversion.stage(in: inputs)
    let (parts, _) = try conversion.planned(input, in: folder, .count(2))
    var members = try #require(parts.document.object)
    members[ExactString(Self.hostile[index].path[0])] = Self.hostile[index].value
    try folder.write(JSON.object(members).encoded(.indented), to: "hostile.json")
    #expect { try SavedPlan(folder.file("hostile.json")) } throws: { ($0 as? PartError)?.category == .input }
    // Every prefix of a plan is none.
    let bytes = parts.document.encoded(.indented)
    try folder.write(Array(bytes.prefix(bytes.count * (index + 1) / 20)), to: "cut.json")
    #expect(throws: LocatedError.self) { try SavedPlan(folder.file("cut.json")) }
  }

  @Test("takes manifests that lie for damaged, and reads no file that is none of the inputs")
  func hostileManifests() throws {
    let (_, parts, made) = try made()
    let content = try #require(try made.manifest(3))
    let original = try #require(try JSON(parsing: content).object)
    func report(_ elements: Int) -> JSON {
      .array([
        .array([
          .members([
            "elements": .integer(elements), "changed": .integer(0), "maximum": .string("0000000000000000"),
            "squared_error": .string("0000000000000000"), "squared_value": .string("0000000000000000"),
            "squared_stored": .string("0000000000000000"),
          ])
        ])
      ])
    }
    let changes: [(String, JSON)] = [
      ("pieces", .array([])), ("pieces", .array([.string("00")])), ("errors", .array([])), ("errors", .null),
      ("errors", report(Int.max)), ("errors", report(-1)), ("reads", .null), ("reads", .array([.null])),
      (
        "reads",
        .array([
          .members([
            "path": .string("/etc/passwd"), "bytes": .integer(0), "ranges": .array([]), "sha256": .string(""),
          ])
        ])
      ),
      (
        "reads",
        .array([
          .members([
            "path": .string("x"), "bytes": .integer(1), "sha256": .string(""),
            "ranges": .array([.array([.integer(Int.max), .integer(Int.max)])]),
          ])
        ])
      ),
    ]
    for (key, value) in changes {
      var members = original
      members[ExactString(key)] = value
      members.removeValue(forKey: "digest")
      members["digest"] = .string(FileDigest.sha256(JSON.object(members).encoded(.compact)))
      try AtomicFile.write(JSON.object(members).encoded(.compact), to: made.manifestPath(3), overwrite: .replace)
      #expect(states(parts, made) == ["damaged: 3"], "\(key)")
    }
  }

  @Test("gets right parts from two workers at once")
  func twoWorkers() throws {
    let input = try conversion.stage(in: inputs)
    let (parts, made) = try conversion.planned(input, in: folder, .count(3))
    try Parallel.forEach(8, threads: 8) { index in
      do {
        let worker = try ConversionParts(made.plan) { try conversion.request(input, to: folder).plan() }
        _ = try worker.work(index % 2, in: made, threads: 1)
      } catch let error as FileError {
        guard error.mayPass else { throw error }
      }
    }
    for index in parts.parts.indices { _ = try parts.work(index, in: made, threads: 1) }
    #expect(states(parts, made).isEmpty)
  }

  @Test("judges the errors of all parts by the budget of the single run")
  func budget() throws {
    let (_, parts, made) = try made()
    var job = ConversionJob(parts.plan)
    job.execution = .assembled(parts, made)
    job.budget = .budget(try Budget(parsing: "nmse=1e-9", metrics: Budget.Metric.ofTensors))
    #expect(throws: BudgetExceeded.self) { try job.run(check: nil as ((String) -> Int)?) }
    #expect(folder.names == ["parts", "plan.json"])
  }
}
