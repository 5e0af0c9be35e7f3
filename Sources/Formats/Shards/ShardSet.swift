import Bytes
import Tensors

/// The shards of a set, checked against each other and against their index; problems are collected.
struct ShardSet {
  let family: ShardFamily
  /// The file that names the set in messages: its index, or the given shard.
  let description: String
  let folder: any FileTree
  let shards: [String]
  private(set) var contents: [ParsedHeader] = []
  private(set) var problems: [any IngotError] = []
  /// The shard in which each tensor was found.
  private var found: [TensorName: String] = [:]

  init(_ family: ShardFamily, _ description: String, _ folder: any FileTree, _ shards: [String]) {
    self.family = family
    self.description = description
    self.folder = folder
    self.shards = shards
  }

  /// Reads the headers of all shards.
  ///
  /// - Parameter isListed: whether an index lists them.
  mutating func readShards(isListed: Bool) {
    let missing = shards.filter { folder.kind(of: $0) == nil }
    if !missing.isEmpty { note(.missingShards(missing, of: shards.count, isListed: isListed)) }
    let absent = Set(missing)
    for shard in shards where !absent.contains(shard) {
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
    let container = try FormatSniffer.container(of: file)
    guard container == family.container else {
      let error = ShardSetError.otherContainer(shard: shard, found: container, expected: family.container)
      throw LocatedError(path: description, reason: error)
    }
    return try family.read(file)
  }

  private mutating func noteTensors(of content: ParsedHeader, in shard: String) {
    for tensor in content.tensors {
      if let first = found.updateValue(shard, forKey: tensor.name) {
        note(.tensorInTwoShards(tensor.name, first: first, second: shard))
      }
    }
  }

  /// The differences between the shards and their index, none of which leaves open what a tensor is: the shards
  /// themselves say what they hold, as for transformers.
  func remarks(on index: SafeTensors.ShardIndex) -> [String] {
    var absent: [TensorName] = [], misplaced: [TensorName] = []
    var listed: Set<TensorName> = []
    for (tensor, shard) in index.shardByTensor {
      listed.insert(tensor)
      guard let actual = found[tensor] else {
        absent.append(tensor)
        continue
      }
      if actual != shard { misplaced.append(tensor) }
    }
    let unlisted = contents.flatMap { $0.tensors.map(\.name) }.filter { !listed.contains($0) }
    return [
      (absent, "listed in the index but in no shard"), (misplaced, "in another shard than the index says"),
      (unlisted, "in the shards but not listed in the index"),
    ].compactMap { tensors, words in
      guard let first = tensors.first else { return nil }
      let subject = tensors.count == 1 ? "tensor" : "\(tensors.count.grouped) tensors, first"
      return "\(subject) \(first.text.quoted): \(words)"
    }
  }

  private mutating func note(_ error: ShardSetError) {
    problems.append(LocatedError(path: description, reason: error))
  }
}
