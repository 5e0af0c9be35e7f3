import Bytes
import Tensors

/// An error of planning a conversion.
public enum ConversionError: IngotError {
  case unknownNaming(String, known: [String])
  case noGGUF(String)
  case namingNeedsFolder(naming: String, target: String)
  case cannotName(slot: String, scheme: String)
  case overrideMatchesNothing(pattern: String)
  case invalidPattern(String)
  case notARealFormat(StorageFormat)
  case unwritableFormat(StorageFormat, container: String)
  case requantizing(from: StorageFormat, to: StorageFormat, tensorCount: Int)
  case fallback(String)
  case recipeNeedsGGUF(String)
  case copyNeedsGGUF
  case splitNeedsGGUF
  case tooManyShards(Int)
  case pruneMatchesNothing(layer: Int)
  case prunesEverything
  case importanceMatchesNothing(option: String, pattern: String)
  case importanceSize(TensorName, found: Int, expected: Int, matrix: String)
  case needsImportance(TensorName, StorageFormat, ImportanceGap)
  case otherWeights(folder: String, name: String)
  case needsNumbers(target: String)
  case outputHasNoPlace(TensorName, embedding: TensorName, architecture: String)

  public var category: ErrorCategory {
    switch self {
    case .cannotName, .needsNumbers, .importanceSize, .outputHasNoPlace: .input
    case .otherWeights: .output
    case .fallback: .check
    default: .usage
    }
  }

  public var description: String {
    switch self {
    case .unknownNaming(let name, let known):
      "naming scheme \(name.quoted) is unknown for this architecture (known: \(known.joined(separator: ", ")))"
    case .noGGUF(let architecture):
      "architecture \(architecture.quoted): is not written as a GGUF (choose a folder)"
    case .namingNeedsFolder(let naming, let target):
      "naming scheme \(naming.quoted) cannot be written to a \(target) file, whose names are fixed (choose a folder)"
    case .cannotName(let slot, let scheme): "the \(slot) has no name in the naming scheme \(scheme.quoted)"
    case .overrideMatchesNothing(let pattern): "--tensor-type \(pattern.quoted) matches no tensor"
    case .invalidPattern(let pattern): "--tensor-type \(pattern.quoted) is not a regular expression"
    case .notARealFormat(let format): "\(format) cannot be encoded (ingot formats lists the formats that can)"
    case .unwritableFormat(let format, let container): "\(format) cannot be stored in a \(container) file"
    case .requantizing(let from, let to, let count):
      "\(counted(count, "tensor")) \(count == 1 ? "is" : "are") already quantized (\(from)); quantizing again to \(to) adds error "
        + "(pass --allow-requantize)"
    case .fallback(let message): "\(message) (leave out --no-fallback to accept that)"
    case .recipeNeedsGGUF(let name): "\(name) is a recipe for GGUF files (choose an output that ends with .gguf)"
    case .copyNeedsGGUF: "COPY keeps the tensors of a GGUF, which the input is not (convert makes one)"
    case .splitNeedsGGUF: "--keep-split keeps the split of a GGUF, which the input is not"
    case .tooManyShards(let count):
      "\(counted(count, "shard")) are more than a GGUF can count, expected at most 65,535 (choose a greater limit)"
    case .pruneMatchesNothing(let layer): "--prune-layers names layer \(layer.grouped), which the model does not have"
    case .prunesEverything: "--prune-layers names every layer, so nothing would be left"
    case .importanceMatchesNothing(let option, let pattern):
      "\(option) \(pattern.quoted) matches no entry of the importance matrix"
    case .importanceSize(let name, let found, let expected, let matrix):
      "tensor \(name.text.quoted): has \(expected.grouped) columns, but its entry in \(matrix.escapedForDisplay) has "
        + "\(counted(found, "value"))"
    case .needsImportance(let name, let format, let gap):
      "tensor \(name.text.quoted): becomes \(format), which needs an importance matrix" + gap.words
    case .otherWeights(let folder, let name):
      "\(folder.escapedForDisplay): contains \(name.quoted), which is not part of this output (remove it or choose another folder)"
    case .outputHasNoPlace(let name, let embedding, let architecture):
      "tensor \(name.text.quoted): differs from \(embedding.text.quoted), which llama.cpp uses in its place for \(architecture) "
        + "(remove it if the model ties it to the embedding; --reference-bytes converts it anyway)"
    case .needsNumbers(let target):
      "\(target) contains hyperparameters, but no file next to the input does (add config.json or params.json)"
    }
  }
}

extension ConversionError {
  public var sharedCause: String? {
    guard case .needsImportance(_, let format, let gap) = self else { return nil }
    return "\(format)\(gap.words)"
  }

  /// Why a tensor has no importance.
  public enum ImportanceGap: Sendable {
    case noMatrix, noEntry
    /// The entry has only zeros, or no row was counted.
    case emptyEntry

    fileprivate var words: String {
      switch self {
      case .noMatrix: " (pass --imatrix FILE)"
      case .noEntry: ", and the one given has no entry for it"
      case .emptyEntry: ", and its entry in the one given has only zeros (measure on more text)"
      }
    }
  }
}
