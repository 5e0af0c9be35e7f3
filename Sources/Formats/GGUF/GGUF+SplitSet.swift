import Bytes
import Tensors

// Each shard of a split GGUF is a GGUF file with these keys (llama.cpp's `LLM_KV_SPLIT_*`):
//   split.no             u16: the shard's index, from 0; its file name counts from 1
//   split.count          u16: the number of shards
//   split.tensors.count  i32: the number of tensors in all shards
// The first shard also has all other metadata.

extension GGUF {
  static let splitNumberKey = "split.no"
  static let splitCountKey = "split.count"
  static let splitTensorCountKey = "split.tensors.count"

  /// Returns the metadata of shard `index` of `count`, as the gguf package writes it: in the first shard `metadata` and
  /// then the split keys, in the others only the split keys.
  public static func splitMetadata(_ metadata: Metadata, index: Int, count: Int, tensorCount: Int) -> Metadata {
    var shard = index == 0 ? metadata : Metadata()
    shard[splitNumberKey] = .uint16(UInt16(clamping: index))
    shard[splitCountKey] = .uint16(UInt16(clamping: count))
    shard[splitTensorCountKey] = .int32(Int32(clamping: tensorCount))
    return shard
  }

  /// Returns the metadata of shard `index` of `count`, as llama-gguf-split writes it: the count comes last, and is 0 in a
  /// merged file.
  public static func dividedMetadata(_ metadata: Metadata, index: Int, count: Int, tensorCount: Int) -> Metadata {
    var shard = splitMetadata(metadata, index: index, count: count, tensorCount: tensorCount)
    let value = shard[splitCountKey]
    shard[splitCountKey] = nil
    shard[splitCountKey] = value
    return shard
  }

  /// Opens `file` alone or, if it is a shard of a split GGUF, the whole set in `folder`.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    let contents = try contents(file)
    let name = ShardName(file.name)
    guard let count = try split(splitCountKey, of: contents, ifMissing: .returnNil), count > 1 else {
      var checkpoint = contents
      if let name, name.count > 1, contents.metadata[splitCountKey] == nil {
        checkpoint.remarks.append(
          "the name says shard \(name.number) of \(name.count), but the file has no split.count; it is read on its own")
      }
      return Checkpoint(path: file.path, container: .gguf, contents: [checkpoint])
    }
    guard let name else { throw LocatedError(path: file.path, reason: ShardSetError.unnumberedShard(count: count)) }
    guard name.count == count else {
      throw LocatedError(path: file.path, reason: ShardSetError.shardCount(declared: count, inName: name.count))
    }
    var set = SplitSet(path: file.path, folder: folder, name: name)
    set.readShards()
    set.requireUniqueTensors()
    guard set.problems.isEmpty else { throw ProblemList(set.problems) }
    return Checkpoint(path: file.path, container: .gguf, contents: set.shards)
  }

  /// Reads the header of one file; errors name the file.
  static func contents(_ file: any ByteSource) throws -> ParsedHeader {
    do throws(GGUFError) {
      return try read(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  /// The result for a missing key.
  fileprivate enum MissingKey { case fail, returnNil }

  /// Returns the integer under one of the split keys.
  fileprivate static func split(
    _ key: String, of shard: ParsedHeader, ifMissing missing: MissingKey = .fail
  ) throws -> Int? {
    guard let value = shard.metadata[key] else {
      guard missing == .returnNil else {
        throw LocatedError(path: shard.file.path, reason: ShardSetError.splitKey(key, found: nil))
      }
      return nil
    }
    guard let number = value.integer else {
      throw LocatedError(path: shard.file.path, reason: ShardSetError.splitKey(key, found: value.type.name))
    }
    return number
  }

  /// The shards of a split GGUF, checked against each other; problems are collected.
  struct SplitSet {
    /// The shard that was named.
    let path: String
    let folder: any FileTree
    let name: ShardName
    private(set) var shards: [ParsedHeader] = []
    private(set) var problems: [any IngotError] = []

    init(path: String, folder: any FileTree, name: ShardName) {
      self.path = path
      self.folder = folder
      self.name = name
    }

    mutating func readShards() {
      for (index, shardName) in name.all.enumerated() {
        guard folder.kind(of: shardName) != nil else {
          note(path, .missingShard(shardName))
          continue
        }
        do {
          let shard = try readShard(shardName)
          try noteKeys(of: shard, index: index)
          shards.append(shard)
        } catch let error as any IngotError {
          problems.append(error)
        } catch {
          // The calls above throw only errors of this project.
        }
      }
    }

    private func readShard(_ name: String) throws -> ParsedHeader {
      let file = try folder.open(name)
      guard try FormatSniffer.container(of: file) == .gguf else {
        throw LocatedError(path: file.path, reason: ShardSetError.notGGUF)
      }
      return try GGUF.contents(file)
    }

    private mutating func noteKeys(of shard: ParsedHeader, index: Int) throws {
      let path = shard.file.path
      if let declared = try GGUF.split(splitNumberKey, of: shard), declared != index {
        note(path, .shardNumber(declared: declared, inName: index + 1))
      }
      if let declared = try GGUF.split(splitCountKey, of: shard), declared != name.count {
        note(path, .shardCount(declared: declared, inName: name.count))
      }
      if let first = shards.first?.facts["byteOrder"], let order = shard.facts["byteOrder"], order != first {
        note(path, .shardByteOrder(order, first: first))
      }
    }

    /// Checks tensor names and the tensor count across shards, once all shards could be read.
    mutating func requireUniqueTensors() {
      guard problems.isEmpty else { return }
      var shardByTensor: [TensorName: String] = [:]
      for shard in shards {
        for tensor in shard.tensors {
          if let first = shardByTensor.updateValue(shard.file.name, forKey: tensor.name) {
            note(path, .tensorInTwoShards(tensor.name, first: first, second: shard.file.name))
          }
        }
      }
      let found = shards.reduce(0) { $0 + $1.tensors.count }
      for shard in shards {
        guard let value = shard.metadata[splitTensorCountKey] else { continue }
        guard value.integer == found else {
          note(shard.file.path, .tensorCount(declared: value.integer ?? 0, found: found))
          return
        }
      }
    }

    private mutating func note(_ path: String, _ error: ShardSetError) {
      problems.append(LocatedError(path: path, reason: error))
    }
  }
}
