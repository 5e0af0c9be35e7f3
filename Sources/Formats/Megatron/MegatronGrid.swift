import Bytes

/// The ranks by which a folder is named: `mp_rank_01_003`.
struct MegatronRank: Hashable {
  private static let prefix = "mp_rank_"

  let tensor: Int
  /// The stage of the pipeline; nil where there is one.
  let stage: Int?
  /// The rank among those that share the experts; nil where there is one.
  let expert: Int?

  init?(_ name: String) {
    guard name.hasPrefix(Self.prefix) else { return nil }
    let words = name.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
    var numbers: [Int] = []
    for (word, width) in zip(words, [2, 3, 3]) {
      guard (width...5).contains(word.utf8.count), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(word)
      else { return nil }
      numbers.append(number)
    }
    guard !numbers.isEmpty, numbers.count == words.count else { return nil }
    tensor = numbers[0]
    stage = numbers.count > 1 ? numbers[1] : nil
    expert = numbers.count > 2 ? numbers[2] : nil
  }
}

/// The folders of a grid.
struct MegatronGrid {
  /// The names in files that the forms of Megatron's distributed checkpoints have.
  private static let distributedNames: Set<String> = [".metadata", "metadata.json", "common.pt"]

  /// The folder of each rank, from the one that is opened: stage by stage, the tensor-parallel ranks of each.
  let folders: [[String]]
  var stageCount: Int { folders.count }
  var tensorSize: Int { folders.first?.count ?? 0 }

  /// Finds the folders in `save` below `folder`; `save` is empty if it is the folder itself.
  init(in folder: any FileTree, save: String) throws(MegatronError) {
    let names: [String]
    do throws(FileError) { names = try folder.names(in: save) } catch { throw .unreadable(error) }
    var byRank: [MegatronRank: String] = [:]
    for name in names {
      guard let rank = MegatronRank(name) else { continue }
      guard rank.expert == nil else { throw .expertParallel(name) }
      byRank[rank] = name
    }
    guard !byRank.isEmpty else {
      if names.contains(where: Self.distributedNames.contains) { throw .distributed(save) }
      throw .noRanks(save)
    }
    let present = Set(byRank.values), hasStages = byRank.keys.contains { $0.stage != nil }
    let tensorSize = (byRank.keys.map(\.tensor).max() ?? 0) + 1
    let stageCount = (byRank.keys.compactMap(\.stage).max() ?? 0) + 1
    var folders: [[String]] = []
    for stage in 0..<stageCount {
      var row: [String] = []
      for tensor in 0..<tensorSize {
        let name = Self.name(tensor: tensor, stage: hasStages ? stage : nil)
        // The first that is missing ends this, so numbers in names bound nothing else.
        guard present.contains(name) else {
          throw .missingRank(Path.join(save, name), tensorSize: tensorSize, stageCount: stageCount)
        }
        row.append(Path.join(save, name))
      }
      folders.append(row)
    }
    guard present.count == tensorSize * stageCount else { throw .mixedRanks(present.sorted()) }
    self.folders = folders
  }

  /// The name of the folder of a rank; `stage` is nil without a pipeline.
  static func name(tensor: Int, stage: Int?) -> String {
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = "\(number)"
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return "mp_rank_\(padded(tensor, 2))" + (stage.map { "_\(padded($0, 3))" } ?? "")
  }
}
