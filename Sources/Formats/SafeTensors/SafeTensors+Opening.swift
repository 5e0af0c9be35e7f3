import Bytes
import Tensors

extension SafeTensors {
  /// Opens `file` alone or, if it is a shard, the whole set.
  static func open(_ file: InputFile) throws -> Checkpoint {
    let name = FileSystem.name(of: file.path)
    if let index = try indexPath(listing: name, in: FileSystem.folder(of: file.path)) {
      return try open(index: index, path: file.path)
    }
    if let shard = ShardName(name), shard.count > 1 {
      return try open(shards: shard.all, place: file.path, index: nil, path: file.path)
    }
    return Checkpoint(path: file.path, container: .safeTensors, contents: [try contents(file)])
  }

  /// Opens the set that an index describes.
  static func open(index indexPath: String, path: String) throws -> Checkpoint {
    let index = try ShardIndex(path: indexPath)
    return try open(shards: index.shards, place: indexPath, index: index, path: path)
  }

  /// The header of one file; errors name the file.
  static func contents(_ file: InputFile) throws -> ParsedHeader {
    do throws(SafeTensorsError) {
      return try read(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  private static func open(
    shards: [String], place: String, index: ShardIndex?, path: String
  ) throws -> Checkpoint {
    var set = ShardSet(place: place, shards: shards)
    set.readShards(index: index)
    if let index { set.requireListed(by: index) }
    guard set.problems.isEmpty else { throw ProblemList(set.problems) }
    let total = set.contents.reduce(0) { $1.tensors.reduce($0) { $0 &+ $1.byteCount } }
    var remarks: [String] = []
    if let index {
      if let declared = index.declaredTotalByteCount, declared != total {
        remarks.append("the index states \(declared.grouped) bytes in all, the tensors have \(total.grouped)")
      }
    } else {
      remarks.append("the set has no index; its shards were found by their names")
    }
    return Checkpoint(path: path, container: .safeTensors, contents: set.contents, remarks: remarks)
  }

  /// The index of the set that `name` is a shard of, if the folder has one.
  ///
  /// A numbered shard belongs to the index of its stem. Any other file can belong to any index that lists it, and
  /// stands alone if none does; an index that cannot be read then lists nothing.
  private static func indexPath(listing name: String, in folder: String) throws -> String? {
    if let shard = ShardName(name) {
      let path = FileSystem.join(folder, shard.stem + ShardIndex.suffix)
      guard FileSystem.kind(of: path) != nil else { return nil }
      return try ShardIndex(path: path).shards.contains(name) ? path : nil
    }
    for candidate in try FileSystem.list(folder) where candidate.hasSuffix(ShardIndex.suffix) {
      let path = FileSystem.join(folder, candidate)
      if let index = try? ShardIndex(path: path), index.shards.contains(name) { return path }
    }
    return nil
  }
}
