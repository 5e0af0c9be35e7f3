import Bytes
import Tensors

/// A container whose checkpoints can be split among files, which numbers in their names or an index put together.
struct ShardFamily: Sendable {
  let container: Container
  /// The ends of the names of files, the usual one first.
  let suffixes: [String]
  /// The end of the name of an index.
  let indexSuffix: String
  /// Reads the header of one file; errors name the file.
  let read: @Sendable (any ByteSource) throws -> ParsedHeader

  static let all = [SafeTensors.shards, PyTorch.shards]

  /// The family of which `name` is an index; nil if it is that of none.
  static func ofIndex(_ name: String) -> ShardFamily? { all.first { name.hasSuffix($0.indexSuffix) } }

  /// Whether a file of this name may belong to the family.
  func mayHave(_ name: String) -> Bool { suffixes.contains { Path.hasEnding(name, $0) } && !name.hasPrefix(".") }

  /// Opens `file` alone or, if it is a shard, the whole set in `folder`.
  func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    if let index = try indexName(listing: file.name, in: folder) {
      return try open(index: folder.open(index), in: folder, path: file.path)
    }
    if let shard = ShardName(file.name), shard.count > 1 {
      return try open(ShardSet(self, file.path, folder, shard.all), nil, path: file.path)
    }
    return Checkpoint(path: file.path, container: container, contents: [try read(file)])
  }

  /// Opens the set of an index, whose shards are in `folder`; of a stale index, the set that the folder has instead.
  func open(index file: any ByteSource, in folder: any FileTree, path: String) throws -> Checkpoint {
    let index = try SafeTensors.ShardIndex(file)
    if let shards = try shards(insteadOf: index, named: file.name, in: folder) {
      let words = shards.count == 1 ? shards[0].quoted : "the complete set of \(counted(shards.count, "shard"))"
      return try open(
        ShardSet(self, file.path, folder, shards), nil, path: path,
        remark: "\(file.name.escapedForDisplay) lists no file of the folder, so \(words) was read (delete the index)")
    }
    return try open(ShardSet(self, file.path, folder, index.shards), index, path: path)
  }

  /// The only complete set or single file in the folder of an index all of whose shards are missing; nil otherwise.
  ///
  /// Tools that shard a model again leave the old index. Sets with the stem of the index come first.
  private func shards(
    insteadOf index: SafeTensors.ShardIndex, named name: String, in folder: any FileTree
  ) throws -> [String]? {
    guard index.isStale(in: folder) else { return nil }
    let present = try folder.names(in: "").filter(mayHave)
    let known = Set(present)
    // A numbered set counts once, by its first shard.
    let sets = present.compactMap { file -> [String]? in
      guard let shard = ShardName(file) else { return [file] }
      guard shard.number == 1, shard.count <= known.count else { return nil }
      return shard.all.allSatisfy(known.contains) ? shard.all : nil
    }
    let stem = String(name.dropLast(indexSuffix.count))
    let own = sets.filter { $0[0] == stem + suffixes[0] || ShardName($0[0])?.stem == stem }
    let candidates = own.isEmpty ? sets : own
    return candidates.count == 1 ? candidates.first : nil
  }

  private func open(
    _ shards: ShardSet, _ index: SafeTensors.ShardIndex?, path: String,
    remark: String = "the set has no index; its shards were found by their names"
  ) throws -> Checkpoint {
    var set = shards
    set.readShards(isListed: index != nil)
    guard set.problems.isEmpty else { throw ProblemList(set.problems) }
    let total = set.contents.reduce(0) { $1.tensors.reduce($0) { $0 &+ $1.byteCount } }
    var remarks = index.map { $0.remarks + set.remarks(on: $0) } ?? [remark]
    if let declared = index?.declaredTotalByteCount, declared != total {
      remarks.append("the index states \(declared.grouped) bytes in all, the tensors have \(total.grouped)")
    }
    return Checkpoint(path: path, container: container, contents: set.contents, remarks: remarks)
  }

  /// The index of the set that `name` is a shard of, if the folder has one.
  ///
  /// A numbered shard belongs to the index of its stem. Any other file can belong to any index that lists it, and
  /// is read on its own if none does; an index that cannot be read then lists nothing.
  private func indexName(listing name: String, in folder: any FileTree) throws -> String? {
    if let shard = ShardName(name) {
      let index = shard.stem + indexSuffix
      guard folder.kind(of: index) != nil else { return nil }
      return try SafeTensors.ShardIndex(folder.open(index)).shards.contains(name) ? index : nil
    }
    for candidate in try folder.names(in: "") where candidate.hasSuffix(indexSuffix) {
      if let index = try? SafeTensors.ShardIndex(folder.open(candidate)), index.shards.contains(name) {
        return candidate
      }
    }
    return nil
  }
}
