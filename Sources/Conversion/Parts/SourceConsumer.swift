import Bytes
import Models
import Synchronization

/// Deletes the files of a source while a conversion goes on.
///
/// A file is deleted when every part that reads it is in the journal. By then the part's bytes were read from the disk, and no
/// value of it was found that cannot be stored. What planning reads of the file is kept next to the output, and the journal
/// gets a line for it first:
///
///   {"schema":"ingot.consumed/1","path":…,"bytes":…,"version":…,"sha256":…,"ranges":[[0,1024],…],"kept":…}
final class SourceConsumer: Sendable {
  private static let schema = "ingot.consumed/1"

  private let plan: ConversionPlan
  private let journal: Journal
  private let files: [File]
  /// The numbers of the parts that read each file and are not done.
  private let missing: Mutex<[Set<Int>]>

  private struct File {
    let file: ConsumableFile
    let input: PartInput
    let keptPath: String
  }

  init(_ consumption: SourceConsumption, of parts: ConversionParts, _ journal: Journal) {
    plan = parts.plan
    self.journal = journal
    let inputs = parts.inputs
    let files = consumption.files.compactMap { file -> (index: Int, file: File)? in
      guard let index = inputs.firstIndex(where: { ExactString($0.path) == ExactString(file.path) }) else { return nil }
      let keptPath = AtomicFile.keptPath(of: parts.plan.destination, as: "consumed-\(index)")
      return (index, File(file: file, input: inputs[index], keptPath: keptPath))
    }
    self.files = files.map(\.file)
    var readers: [Int: Set<Int>] = [:]
    for part in parts.parts {
      for read in parts.plan.reads(of: parts.plan.jobs(of: part), inputs) {
        readers[read.input, default: []].insert(part.index)
      }
    }
    missing = Mutex(files.map { readers[$0.index] ?? [] })
  }

  /// Throws unless the disk of the output has room until the files that are read first are deleted.
  ///
  /// - Parameters:
  ///   - parts: those that are not done, in the order in which they are made.
  func requireRoom(for parts: [PlanPart]) throws(FileError) {
    var left = missing.withLock { $0 }, room = 0, needed = 0
    let folder = Path.folder(of: plan.destination)
    let frees = files.map { $0.file.isOnDevice(of: folder) }
    for part in parts {
      room += part.byteCount
      needed = max(needed, room)
      for index in left.indices where left[index].remove(part.index) != nil && left[index].isEmpty && frees[index] {
        room -= files[index].file.byteCount
      }
    }
    try AtomicFile.requireRoom(needed, for: plan.destination)
  }

  /// Notes that these parts are in the journal, and deletes the files that no others read.
  ///
  /// Calls come one after the other.
  func note(_ parts: some Sequence<Int>) throws {
    let free = missing.withLock { missing in
      missing.indices.filter { index in
        guard !missing[index].isEmpty else { return false }
        missing[index].subtract(parts)
        return missing[index].isEmpty
      }
    }
    for index in free { try consume(files[index]) }
  }

  private func consume(_ file: File) throws {
    try file.file.source.requireUnchanged()
    let sha256 = try FileDigest.sha256(file.file.source)
    let kept = try AtomicFile(file.keptPath, overwrite: .replace)
    var end = 0
    for range in file.input.ranges.ranges {
      try kept.copy(file.file.source, from: range.lowerBound, count: range.count, to: end)
      end += range.count
    }
    try kept.commit()
    let entry = ConsumedFiles.Entry(
      path: file.input.path, byteCount: file.input.byteCount, version: file.input.version, sha256: sha256,
      ranges: file.input.ranges, keptPath: file.keptPath)
    try journal.append(Self.line(entry))
    try file.file.consume(sha256: sha256)
  }

  /// Removes what was kept; called when the output is complete.
  static func forget(_ consumed: ConsumedFiles, destination: String, inputs: [PartInput]) {
    let kept = inputs.indices.map { AtomicFile.keptPath(of: destination, as: "consumed-\($0)") }
    for path in Set(kept + consumed.entries.map(\.keptPath)) { AtomicFile.removeKept(path) }
  }

  private static func line(_ entry: ConsumedFiles.Entry) -> [UInt8] {
    JSON.members([
      "schema": .string(schema), "path": .string(entry.path), "bytes": .integer(entry.byteCount),
      "version": entry.version.map { .string($0) } ?? .null, "sha256": .string(entry.sha256),
      "ranges": entry.ranges.json, "kept": .string(Path.name(of: entry.keptPath)),
    ]).encoded(.compact)
  }

  /// The files that a journal of the output at `destination` says were deleted.
  static func consumed(by journal: [[UInt8]], destination: String) -> ConsumedFiles {
    let prefix = Path.name(of: AtomicFile.keptPath(of: destination, as: "consumed-"))
    let entries = journal.compactMap { line -> ConsumedFiles.Entry? in
      guard let json = try? JSON(parsing: line), json["schema"]?.string == schema, let path = json["path"]?.string,
        let byteCount = json["bytes"]?.integer, byteCount >= 0, let sha256 = json["sha256"]?.string,
        let ranges = MergedRanges(json: json["ranges"], within: byteCount), let kept = json["kept"]?.string,
        // Nothing but what such a run leaves is read and removed.
        kept.hasPrefix(prefix), !kept.contains("/")
      else { return nil }
      return ConsumedFiles.Entry(
        path: path, byteCount: byteCount, version: json["version"]?.string, sha256: sha256, ranges: ranges,
        keptPath: Path.join(Path.folder(of: destination), kept))
    }
    return ConsumedFiles(entries)
  }
}
