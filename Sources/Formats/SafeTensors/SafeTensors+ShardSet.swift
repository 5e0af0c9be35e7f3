import Bytes
import Tensors

extension SafeTensors {
  /// The shards of a set, checked against each other and against their index; problems are collected.
  struct ShardSet {
    /// The file that names the set in messages: its index, or the given shard.
    let description: String
    let folder: any FileTree
    let shards: [String]
    private(set) var contents: [ParsedHeader] = []
    private(set) var problems: [any IngotError] = []
    /// The shard in which each tensor was found.
    private var found: [TensorName: String] = [:]

    init(description: String, folder: any FileTree, shards: [String]) {
      self.description = description
      self.folder = folder
      self.shards = shards
    }

    /// Reads the headers of all shards.
    mutating func readShards(index: ShardIndex?) {
      let listedCounts = Dictionary((index?.shardByTensor ?? []).map { ($0.shard, 1) }, uniquingKeysWith: +)
      for shard in shards {
        guard folder.kind(of: shard) != nil else {
          note(.missingShard(shard, tensorCount: listedCounts[shard]))
          continue
        }
        do {
          let content = try readShard(shard)
          contents.append(content)
          noteTensors(of: content, in: shard)
        } catch let error as any IngotError {
          problems.append(error)
        } catch {
          // The calls above throw only errors of this project.
        }
      }
    }

    private func readShard(_ shard: String) throws -> ParsedHeader {
      let file = try folder.open(shard)
      guard try FormatSniffer.container(of: file) == .safeTensors else {
        throw LocatedError(path: description, reason: ShardSetError.notSafeTensors(shard: shard))
      }
      return try SafeTensors.contents(file)
    }

    private mutating func noteTensors(of content: ParsedHeader, in shard: String) {
      for tensor in content.tensors {
        if let first = found.updateValue(shard, forKey: tensor.name) {
          note(.tensorInTwoShards(tensor.name, first: first, second: shard))
        }
      }
    }

    /// Checks that the index lists exactly the tensors of the shards, once all shards could be read.
    mutating func requireListed(by index: ShardIndex) {
      guard problems.isEmpty else { return }
      var listed: Set<TensorName> = []
      for (tensor, shard) in index.shardByTensor {
        listed.insert(tensor)
        guard let actual = found[tensor] else {
          note(.absentTensor(tensor, shard: shard))
          continue
        }
        if actual != shard { note(.wrongShard(tensor, listed: shard, found: actual)) }
      }
      for (content, shard) in zip(contents, shards) {
        for tensor in content.tensors where !listed.contains(tensor.name) {
          note(.unlistedTensor(tensor.name, shard: shard))
        }
      }
    }

    private mutating func note(_ error: ShardSetError) {
      problems.append(LocatedError(path: description, reason: error))
    }
  }
}
