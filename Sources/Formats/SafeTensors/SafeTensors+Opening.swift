import Bytes
import Tensors

extension SafeTensors {
  /// Opens `file` alone or, if it is a shard, the whole set in `folder`.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    if let index = try indexName(listing: file.name, in: folder) {
      return try open(index: folder.open(index), in: folder, path: file.path)
    }
    if let shard = ShardName(file.name), shard.count > 1 {
      return try open(ShardSet(description: file.path, folder: folder, shards: shard.all), nil, path: file.path)
    }
    return Checkpoint(path: file.path, container: .safeTensors, contents: [try contents(file)])
  }

  /// Opens the set of an index, whose shards are in `folder`; of a stale index, the set that the folder has instead.
  static func open(index file: any ByteSource, in folder: any FileTree, path: String) throws -> Checkpoint {
    let index = try ShardIndex(file)
    if let shards = try shards(insteadOf: index, named: file.name, in: folder) {
      let words = shards.count == 1 ? shards[0].quoted : "the complete set of \(counted(shards.count, "shard"))"
      return try open(
        ShardSet(description: file.path, folder: folder, shards: shards), nil, path: path,
        remark: "\(file.name.escapedForDisplay) lists no file of the folder, so \(words) was read (delete the index)")
    }
    return try open(ShardSet(description: file.path, folder: folder, shards: index.shards), index, path: path)
  }

  /// The only complete set or single file in the folder of an index all of whose shards are missing; nil otherwise.
  ///
  /// Tools that shard a model again leave the old index. Sets with the stem of the index come first.
  private static func shards(
    insteadOf index: ShardIndex, named name: String, in folder: any FileTree
  ) throws -> [String]? {
    guard index.isStale(in: folder) else { return nil }
    let present = try folder.names(in: "").filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
    let known = Set(present)
    // A numbered set counts once, by its first shard.
    let sets = present.compactMap { file -> [String]? in
      guard let shard = ShardName(file) else { return [file] }
      guard shard.number == 1, shard.count <= known.count else { return nil }
      return shard.all.allSatisfy(known.contains) ? shard.all : nil
    }
    let stem = String(name.dropLast(ShardIndex.suffix.count))
    let own = sets.filter { $0[0] == stem + ".safetensors" || ShardName($0[0])?.stem == stem }
    let candidates = own.isEmpty ? sets : own
    return candidates.count == 1 ? candidates.first : nil
  }

  /// Reads the header of one file; errors name the file.
  static func contents(_ file: any ByteSource) throws -> ParsedHeader {
    do throws(SafeTensorsError) {
      return try read(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  private static func open(
    _ shards: ShardSet, _ index: ShardIndex?, path: String,
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
    return Checkpoint(path: path, container: .safeTensors, contents: set.contents, remarks: remarks)
  }

  /// The index of the set that `name` is a shard of, if the folder has one.
  ///
  /// A numbered shard belongs to the index of its stem. Any other file can belong to any index that lists it, and
  /// is read on its own if none does; an index that cannot be read then lists nothing.
  private static func indexName(listing name: String, in folder: any FileTree) throws -> String? {
    if let shard = ShardName(name) {
      let index = shard.stem + ShardIndex.suffix
      guard folder.kind(of: index) != nil else { return nil }
      return try ShardIndex(folder.open(index)).shards.contains(name) ? index : nil
    }
    for candidate in try folder.names(in: "") where candidate.hasSuffix(ShardIndex.suffix) {
      if let index = try? ShardIndex(folder.open(candidate)), index.shards.contains(name) { return candidate }
    }
    return nil
  }
}
