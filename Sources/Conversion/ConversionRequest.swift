import Bytes
import Formats
import Quantization
import Tensors

/// The options of a conversion.
public struct ConversionRequest: Sendable {
  /// What is written.
  public enum Target: String, Sendable {
    /// A GGUF, or a split set of them.
    case gguf
    /// A model folder with safetensors, config.json and tokenizer files.
    case folder
    /// A safetensors file on its own.
    case safeTensors = "safetensors"
  }

  /// The choice of storage formats.
  public enum TypeChoice: Sendable, Hashable {
    /// One format that holds the source, as the reference converter chooses it; see `Planner`.
    case automatic
    /// For each tensor its own format, or the smallest that holds all its values.
    case kept
    /// This one, as far as a tensor may have it.
    case format(StorageFormat)
    /// The formats of a recipe. The output is a GGUF, ordered as llama-quantize orders it.
    case recipe(Recipe)
    /// The formats with the least total error in an output of this size. The output is a GGUF, ordered as by a recipe.
    case size(SizeTarget)

    /// The recipe, if it is one.
    var recipe: Recipe? { if case .recipe(let recipe) = self { recipe } else { nil } }

    /// The rules that give each tensor its own format; nil if one format applies to all.
    var formatRules: FormatRules? {
      switch self {
      case .automatic, .kept, .format: nil
      case .recipe(let recipe): .recipe(recipe)
      case .size: .measurement
      }
    }
  }

  /// Changes to a recipe.
  public struct RecipeOptions: Sendable, Hashable {
    /// The matrices that follow the recipe's rules.
    public enum Matrices: Sendable { case byRule, uniform }
    /// Whether the output matrix is quantized.
    public enum Output: Sendable { case quantize, keep }

    /// Whether the recipe's rules apply, or all matrices get its default format.
    public var matrices = Matrices.byRule
    /// Whether the output matrix is quantized or keeps its format.
    public var output = Output.quantize
    /// The format of the output matrix, instead of the recipe's.
    public var outputFormat: StorageFormat?
    /// The format of the token embedding, instead of the recipe's.
    public var embeddingFormat: StorageFormat?

    /// The recipe as it is.
    public init() {}
  }

  /// The policy for a loss that the user may accept.
  public enum LossPolicy: Sendable { case refuse, allow }
  /// The policy for tensors of which a format holds exactly the values, such as those of AWQ: they follow the type that is
  /// asked for, or keep their values.
  public enum ExactPolicy: Sendable { case follow, keep }
  /// The policy for a format that needs an importance matrix and has none.
  public enum MissingImatrixPolicy: Sendable { case fail, warn }
  /// Whether an output departs from llama.cpp's converter where llama.cpp cannot use the converter's file.
  public enum DeparturePolicy: Sendable { case apply, omit }
  /// The policy for a source that has the path of the output.
  public enum SourceFilePolicy: Sendable { case keep, replace }
  /// The policy for the shards of a GGUF.
  public enum SplitPolicy: Sendable, Hashable {
    case merge
    /// Tensors stay in the shard of the source that has them.
    case preserve
    /// As llama-gguf-split splits, which also writes a set of one shard.
    case divide(GGUFDivision)
    /// As llama-gguf-split merges: one file, whose keys say that it was a set.
    case join
  }

  /// A key and value that a GGUF gets in place of the source's.
  public struct MetadataOverride: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The value.
    public let value: MetadataValue

    /// The override `key=value`.
    public init(key: String, value: MetadataValue) {
      self.key = key
      self.value = value
    }
  }

  /// A storage format for the tensors whose output name matches a pattern.
  public struct TypeOverride: Sendable, Hashable {
    /// A regular expression that is searched for in the name.
    public let pattern: String
    /// The format.
    public let format: StorageFormat

    /// The override `pattern=format`.
    public init(pattern: String, format: StorageFormat) {
      self.pattern = pattern
      self.format = format
    }
  }

  /// The file or folder that is written; placeholders in the name of a GGUF are replaced (`OutputPattern`).
  public var destination: String
  /// The target; nil decides from the name of `destination`.
  public var target: Target?
  /// The storage format.
  public var type: TypeChoice = .automatic
  /// What an earlier run measured for a size target; nil to measure.
  public var measuredErrors: MeasuredErrors?
  /// Changes to the recipe; without one they have no effect.
  public var recipeOptions = RecipeOptions()
  /// The weights of columns, for formats that use them; the output's metadata names the file.
  public var importance: ImportanceMatrix?
  /// Whether formats that need an importance matrix may be planned without one, for a dry run.
  public var missingImatrix = MissingImatrixPolicy.fail
  /// Layers that are removed from a GGUF; the rest are renumbered.
  public var prunedLayers: Set<Int> = []
  /// Keys and values that a GGUF made by a recipe gets, in order.
  public var metadataOverrides: [MetadataOverride] = []
  /// How the shards of the output follow from those of the source; all but `merge` are of a GGUF.
  public var split = SplitPolicy.merge
  /// Whether a tensor whose rows are not whole blocks of its format may get another one.
  public var fallback = LossPolicy.allow
  /// Exceptions from it; the last that matches a tensor decides.
  public var typeOverrides: [TypeOverride] = []
  /// The naming scheme of the output; nil takes the target's own.
  public var naming: String?
  /// The ranks among which a folder's tensors are split, in PyTorch's files; nil for safetensors.
  public var partition: Partition?
  /// Bytes of tensor data a file of a set may have; nil takes 5 GB for a folder and no limit for a GGUF.
  public var maximumShardByteCount: Int?
  /// The level at which an output whose name ends in `.zst` is compressed.
  public var compressionLevel = SeekableZstdWriter.defaultLevel
  /// Whether existing files may be replaced.
  public var overwrite: OverwritePolicy = .refuse
  /// Whether the output may have the path of the source, if that is one file.
  public var sourceFile = SourceFilePolicy.keep
  /// Whether tensors that are already quantized may be quantized again.
  public var requantization = LossPolicy.refuse
  /// Whether tensors that a format holds exactly keep their values, so that the type applies to the rest.
  public var exactTensors = ExactPolicy.follow
  /// Whether a GGUF may differ from that of llama.cpp's converter, see `Departure`.
  public var departures = DeparturePolicy.apply
  /// The value of `general.name`, instead of the derived one.
  public var modelName: String?
  /// The name of the pre-tokenizer, instead of the derived one.
  public var preTokenizer: String?

  /// The files that options name, apart from the source and its adapters; receipts list them with their digests.
  public var inputFiles: [InputFile] = []

  /// A request to write `destination`.
  public init(destination: String) {
    self.destination = destination
  }
}
