import Bytes
import Tensors

/// An error of a grid of Megatron-LM, worded after the folder's name.
enum MegatronError: IngotError {
  case unreadable(FileError)
  /// The file of a part cannot be read; the error names it.
  case part(any Error)
  case tracker(String)
  case missingSave(String)
  case noRanks(String)
  case distributed(String)
  case expertParallel(String)
  case missingRank(String, tensorSize: Int, stageCount: Int)
  case mixedRanks([String])
  case missingPart(String)
  case otherContainer(String, Container)
  case noArguments(rank: String)
  case argument(String, found: String, expected: String)
  case argumentDiffers(String, found: String, in: String, expected: String, from: String)
  case version(String, expected: String)
  case noModel(rank: String)
  case layers(found: Int, expected: Int)
  case tensor(TensorName, TensorDefect)

  /// What is wrong with one tensor, in the ranks of one stage.
  enum TensorDefect {
    case missing(from: String)
    case differs(String, in: String, from: String)
    case noRule(rankCount: Int)
    case shape(Shape, expected: String)
    case repeated(in: String)
  }

  var category: ErrorCategory { .input }

  /// Returns the error with the folder's name first.
  func located(in path: String) -> any Error {
    switch self {
    case .unreadable(let error): error
    case .part(let error): error
    default: LocatedError(path: path, reason: self)
    }
  }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .part(let error): "\(error)"
    case .tracker(let word):
      "\(Megatron.trackerName): is \(word.quoted), expected the number of an iteration or \"release\""
    case .missingSave(let name):
      "\(Megatron.trackerName): names \(name.quoted), which is missing from the folder (download it)"
    case .noRanks(let folder): "folder \(folder.quoted) has no ranks, expected folders such as \"mp_rank_00\""
    case .distributed(let folder):
      "folder \(folder.quoted) has a distributed checkpoint of Megatron, which is not read (save with --ckpt-format torch)"
    case .expertParallel(let name):
      "folder \(name.quoted) is of expert parallelism, which is not read (save with --expert-model-parallel-size 1)"
    case .missingRank(let name, let tensorSize, let stageCount):
      "folder \(name.quoted) is missing, expected \(tensorSize.grouped) × \(counted(stageCount, "rank"))"
        + " (tensor × pipeline; download it)"
    case .mixedRanks(let names): "folders of ranks are of two grids: \(names.quotedList(limit: 4))"
    case .missingPart(let name): "file \(name.quoted) is missing (download it)"
    case .otherContainer(let name, let container):
      "file \(name.quoted) is a \(container.rawValue) file, expected PyTorch"
    case .noArguments(let rank):
      "\(rank): has no \"args\", expected the arguments of the training program (save it with Megatron-LM)"
    case .argument(let name, let found, let expected): "args: \(name) is \(found), expected \(expected)"
    case .argumentDiffers(let name, let found, let rank, let expected, let first):
      "args: \(name) is \(found) in \(rank.quoted) and \(expected) in \(first.quoted) (are they of one model?)"
    case .version(let found, let expected): "checkpoint_version: is \(found), expected \(expected)"
    case .noModel(let rank): "\(rank): has no \"model\", expected a state dict"
    case .layers(let found, let expected):
      "stages have \(counted(found, "layer")), expected \(expected.grouped) as num_layers says (is a stage missing?)"
    case .tensor(let name, let defect): "tensor \(name.text.quoted): \(defect.words)"
    }
  }
}

extension MegatronError.TensorDefect {
  fileprivate var words: String {
    switch self {
    case .missing(let rank): "is missing from \(rank.quoted)"
    case .differs(let what, let rank, let first):
      "has another \(what) in \(rank.quoted) than in \(first.quoted) (are they of one model?)"
    case .noRule(let count): "no rule says how its parts in \(counted(count, "tensor-parallel rank")) are joined"
    case .shape(let found, let expected): "part has shape \(found), expected \(expected)"
    case .repeated(let rank): "is there a second time in \(rank.quoted)"
    }
  }
}
