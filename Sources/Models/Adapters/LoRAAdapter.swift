import Bytes
import Formats
import Tensors

/// An adapter as PEFT saves it, adapter_config.json and adapter_model.safetensors or, in old versions, .bin in one folder, or
/// as a GGUF.
///
/// For a module with the weight `W [out, in]` it has `A [r, in]` and `B [out, r]`; the merged weight is `W + s·B·A`.
/// An embedding's factors are stored the other way round. Tensors that were trained whole replace those of the model.
struct LoRAAdapter {
  /// Two factors and the weight they change.
  struct LoRAPair {
    /// The module's path in the model, such as `model.layers.0.self_attn.q_proj`.
    let module: String
    /// The factors of the weight's rows and of its columns: `B` and `A`, or for an embedding the transposed `A` and `B`.
    let up: LoRAUpdate.Factor, down: LoRAUpdate.Factor
    /// Whether the module is an embedding.
    let isEmbedding: Bool
    /// The factor of the product of B and A.
    let scale: Float

    /// The name of the weight.
    var weight: TensorName { TensorName("\(module).weight") }
    /// The rank r.
    var rank: Int { down.dimensions[0] }
  }

  /// The weights, the first that is there; the second is PyTorch's.
  static let weightsFiles = ["adapter_model.safetensors", "adapter_model.bin"]
  static let configurationFile = "adapter_config.json"

  /// The folder's path.
  let path: String
  /// The sources that are read: those of the weights, then the configuration.
  let files: [any ByteSource]
  /// The files that store them.
  let storedFiles: [any ByteSource]
  /// The updates, in the order of the file.
  let pairs: [LoRAPair]
  /// The tensors that replace others, by the name of those.
  let replacements: [(name: TensorName, tensor: TensorDescriptor)]
  /// The model that the adapter was made for, as its makers call it.
  let base: String?
  /// The numerator of the scale of all modules that do not have their own.
  let alpha: Double
  /// The files' tensors, in which the factors are.
  let weights: Checkpoint

  /// Reads the headers of the adapter at `location`: its folder, the weights in it, or a GGUF.
  ///
  /// - Throws: errors of the files; `LocatedError` with the `AdapterError`.
  init(_ location: InputLocation) throws {
    path = location.path
    let folder = location.folder
    if let file = location.file, let weights = try Self.gguf(file, in: folder) {
      self.weights = weights
      files = weights.files
      storedFiles = weights.storedFiles
      base = nil
      replacements = []
      do throws(AdapterError) {
        (pairs, alpha) = try Self.pairs(ofGGUF: weights)
      } catch {
        throw LocatedError(path: path, reason: error)
      }
      return
    }
    let name = Self.weightsFiles.first { folder.kind(of: $0) != nil } ?? Self.weightsFiles[0]
    weights = try Checkpoint.open(InputLocation(folder: folder, file: folder.open(name)))
    let configuration = try folder.open(Self.configurationFile)
    files = weights.files + [configuration]
    storedFiles = weights.storedFiles + [configuration]
    let json = try JSON.sideFile(configuration, limit: ModelFolder.maximumSideFileByteCount).value
    do throws(AdapterError) {
      let configuration = try AdapterConfiguration(json)
      base = configuration.base
      alpha = configuration.alpha
      (pairs, replacements) = try Self.sorted(weights.tensors, configuration)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }

  /// Whether a checkpoint is an adapter and no model.
  static func isAdapter(_ checkpoint: Checkpoint, in folder: any FileTree) -> Bool {
    checkpoint.files.first.map { weightsFiles.contains($0.name) } == true
      && folder.kind(of: configurationFile) != nil
  }

  /// Whether a folder has the files of an adapter.
  static func isFolder(_ folder: any FileTree) -> Bool {
    folder.hasFile(configurationFile) && weightsFiles.contains(where: folder.hasFile)
  }

  /// Names the adapter in what goes wrong.
  func naming<T>(_ body: () throws(AdapterError) -> T) throws -> T { try LocatedError.naming(path, body) }

  /// Puts the factors of each module together.
  private static func sorted(
    _ tensors: [TensorDescriptor], _ configuration: AdapterConfiguration
  ) throws(AdapterError) -> ([LoRAPair], [(name: TensorName, tensor: TensorDescriptor)]) {
    var factors: [ExactString: [AdapterTensorName.Factor: TensorDescriptor]] = [:]
    var modules: [(name: String, isEmbedding: Bool)] = []
    var replacements: [(TensorName, TensorDescriptor)] = []
    for tensor in tensors {
      switch try AdapterTensorName(tensor.name) {
      case .frozen: continue
      case .whole(let name): replacements.append((name, tensor))
      case .factor(let factor, let module, let isEmbedding):
        let key = ExactString(module)
        if factors[key] == nil { modules.append((module, isEmbedding)) }
        factors[key, default: [:]][factor] = tensor
      }
    }
    var pairs: [LoRAPair] = []
    for (module, isEmbedding) in modules {
      let found = factors[ExactString(module)] ?? [:]
      guard let a = found[.a] else { throw .halfPair(module: module, missing: "lora_A") }
      guard let b = found[.b] else { throw .halfPair(module: module, missing: "lora_B") }
      guard a.shape.rank == 2, b.shape.rank == 2, a.shape.dimensions[0] > 0,
        a.shape.dimensions[0] == b.shape.dimensions[1]
      else {
        throw .wrongFactors(
          module: module, found: "lora_A has shape \(a.shape) and lora_B \(b.shape)", expected: "r × in and out × r")
      }
      pairs.append(
        LoRAPair(
          module: module, up: .init(tensor: isEmbedding ? a : b, isTransposed: isEmbedding),
          down: .init(tensor: isEmbedding ? b : a, isTransposed: isEmbedding), isEmbedding: isEmbedding,
          scale: configuration.scale(ofModule: module, rank: a.shape.dimensions[0])))
    }
    guard !pairs.isEmpty || !replacements.isEmpty else { throw .noUpdates }
    return (pairs, replacements)
  }
}

/// The meaning of a tensor name in an adapter.
enum AdapterTensorName {
  enum Factor: Hashable { case a, b }

  case factor(Factor, module: String, isEmbedding: Bool)
  /// A tensor that replaces the model's of this name.
  case whole(TensorName)
  /// The model's own weight, which PEFT saves next to A and B of an embedding.
  case frozen

  /// The words that PEFT appends to a module's path, before the name of the adapter if the file has it.
  private static let factors: [Substring: (factor: Factor, isEmbedding: Bool)] = [
    "lora_A": (.a, false), "lora_B": (.b, false), "lora_embedding_A": (.a, true), "lora_embedding_B": (.b, true),
  ]

  init(_ name: TensorName) throws(AdapterError) {
    let prefix = "base_model.model."
    var words = name.text.split(separator: ".", omittingEmptySubsequences: false)
    if name.text.hasPrefix(prefix) { words.removeFirst(2) }
    if words.contains("lora_magnitude_vector") { throw .unsupported("a DoRA adapter") }
    if let index = words.firstIndex(where: { Self.factors[$0] != nil }), let kind = Self.factors[words[index]] {
      guard words.last != "bias" else { throw .unsupported("an adapter with biases of its own") }
      self = .factor(kind.factor, module: Self.module(words[..<index]), isEmbedding: kind.isEmbedding)
      return
    }
    if words.suffix(2) == ["base_layer", "weight"] {
      self = .frozen
      return
    }
    // `lm_head.modules_to_save.default.weight`, or without the wrapper's words in files of later versions.
    if let index = words.firstIndex(of: "modules_to_save") {
      words.removeSubrange(index..<max(index + 1, words.count - 1))
    }
    self = .whole(TensorName(Self.module(words[...])))
  }

  private static func module(_ words: ArraySlice<Substring>) -> String {
    words.filter { $0 != "base_layer" }.joined(separator: ".")
  }
}
