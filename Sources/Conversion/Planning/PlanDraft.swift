import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// A plan being made: the request, and everything decided and found so far.
struct PlanDraft {
  let model: Model
  let request: ConversionRequest
  let target: ConversionRequest.Target
  /// The output's path, in which placeholders are replaced once the formats are known.
  var destination: String
  /// The one format of the output; nil when each tensor keeps or gets its own.
  var type: StorageFormat?
  var tensors: [DraftTensor] = []
  /// Input tensors that are left out, with the reason.
  var dropped: [(name: TensorName, reason: String)] = []
  /// Names for the labels of a classifier head that its configuration does not name; nil if none are stated.
  var statedLabels: [String]?
  /// Whether a folder made of a GGUF ties the output matrix, which that GGUF has as a copy of the embedding.
  var tiesOutput = false
  /// The layers that remain after pruning; nil if none are pruned.
  var keptLayerCount: Int?
  /// Names of the source by those of pruned models, whose layers are renumbered.
  var originalNames: [TensorName: TensorName] = [:]
  /// The facts that formats were assigned by; nil if they were not assigned by rules.
  var recipeInputs: RecipeInputs?
  /// The value of `general.file_type` that a size target leads to.
  var allocatedFileType: UInt32?

  /// Pairs that replace those of a GGUF's metadata.
  var restatedMetadata: [String: MetadataValue] = [:]
  /// The path of the source that the output replaces; nil if it must not replace any.
  var replacedInput: String?

  /// The evidence in the tensors' values.
  var evidence = PlanningEvidence.none

  var problems: [any IngotError] = []
  var messages: [PlanMessage] = []
  var departures: [PlannedDeparture] = []
  var fallbacks = Fallbacks()

  init(_ model: Model, _ request: ConversionRequest) {
    self.model = model
    self.request = request
    target = request.resolvedTarget
    destination = request.destination
  }

  /// Whether the input's tensors have llama.cpp's names, layouts and formats.
  var usesGGUFNames: Bool { model.facts.usesGGUFNames }

  /// Whether input and output both have llama.cpp's names and layouts, or neither has.
  var keepsLayouts: Bool { usesGGUFNames == (target == .gguf) }

  /// Whether only the formats of tensors change, so that nothing depends on a definition.
  var keepsNames: Bool { request.type.formatRules != nil && target == .gguf && keepsLayouts || model.isByName }

  /// Whether every tensor of the source is written, also those that the architecture does not use: between safetensors
  /// nothing has to be left out.
  /// Ranks have what their programs know.
  var keepsAllTensors: Bool { target != .gguf && !usesGGUFNames && request.partition == nil }

  /// Throws all problems found so far, if there are any.
  func requireProblemFree() throws {
    guard !problems.isEmpty else { return }
    throw ProblemList(problems.map { LocatedError(path: model.checkpoint.path, reason: $0) })
  }

  /// The naming scheme of the output.
  func scheme() throws -> NamingScheme {
    let definition = model.definition
    let folderName = definition.schemes.first { $0.condition.map(model.hyperparameters.flag) == true }?.name ?? "hf"
    // A file of ggml, also before GGUF, has names that no folder has.
    let isForeign =
      model.scheme.name == "gguf" || model.scheme.isReadingOnly || model.scheme.isGrid || model.facts.keepsBlockFormats
    let native = target == .gguf ? "gguf" : isForeign ? folderName : model.scheme.name
    let name = request.partition?.schemeName ?? request.naming ?? native
    if target == .gguf, definition.ggufArchitecture == nil { throw ConversionError.noGGUF(definition.name) }
    guard let scheme = definition.scheme(name), !scheme.isReadingOnly,
      !scheme.isGrid || request.partition?.schemeName == name,
      !scheme.isTextPart || name == model.scheme.name
    else {
      throw ConversionError.unknownNaming(
        name, known: definition.writtenSchemes.map(\.name))
    }
    if target == .gguf, name != "gguf" { throw ConversionError.namingNeedsFolder(naming: name, target: "GGUF") }
    return scheme
  }

  /// The value of `general.file_type` that a recipe or a size target gives; nil if none does.
  var assignedFileType: UInt32? { request.type.recipe?.fileType ?? allocatedFileType }

  /// Puts the tensors in the order of the output.
  ///
  /// - Into a GGUF from safetensors: as `convert_hf_to_gguf.py` does.
  /// - From GGUF to GGUF with a format asked for, and wherever rules assign formats: as llama-quantize does, layer by
  ///   layer, names by their bytes.
  /// - Otherwise the order of the input, which the safetensors layout then sorts itself.
  mutating func orderTensors() {
    guard target == .gguf, recipeInputs == nil else { return }
    guard keepsLayouts else { return tensors = tensors.orderedAsConverter(model) }
    if case .format = request.type { return tensors.sort { $0.name.isBeforeByLayer($1.name) } }
    // Derived tensors were put first; they return to their positions in the input.
    let positions = Dictionary(
      model.checkpoint.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    func position(_ tensor: DraftTensor) -> Int {
      positions[tensor.sources.first?.descriptor.name ?? tensor.name] ?? -1
    }
    tensors.sort { position($0) < position($1) }
  }
}
