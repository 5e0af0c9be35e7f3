import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A model that is being opened: everything that headers and side files say, and no tensor data.
///
/// `gatherEvidence` is the step that reads tensor data, where the files leave open how the tensors are to be
/// interpreted. `model` interprets them with that evidence or without any.
public struct ModelOpening {
  /// The files, with the tensors that adapters replace, and compositions in place of encoded tensors.
  public let checkpoint: Checkpoint
  /// The errors of encoded tensors that cannot be decoded.
  let encodingProblems: [EncodingError]
  let facts: any ModelFacts
  let definition: ArchitectureDefinition
  let scheme: NamingScheme
  /// The hyperparameters that headers and side files give.
  let hyperparameters: HyperparameterSet
  let mapping: TensorMapping
  /// Each adapter and the checkpoint that it changes.
  let adapters: [(adapter: LoRAAdapter, base: Checkpoint)]

  /// Reads the headers and side files of the model at `location` and finds its architecture and naming scheme.
  ///
  /// - Parameters:
  ///   - library: the definitions to choose from.
  ///   - architecture: the definition to use, ignoring what the files say (`--arch-as`).
  ///   - adapters: folders of LoRA adapters that are added to the weights, in order.
  /// - Throws: when files cannot be read or no definition fits.
  public init(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil, adapters: [InputLocation] = []
  ) throws {
    let (stored, steps) = try Self.checkpoint(at: location, adapters)
    try self.init(stored, at: location, library: library, architecture: architecture, adapters: steps)
  }

  /// Finds the architecture and naming scheme of an open checkpoint, whose metadata need not be that of its files.
  public init(
    _ stored: Checkpoint, at location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil
  ) throws {
    try self.init(stored, at: location, library: library, architecture: architecture, adapters: [])
  }

  private init(
    _ stored: Checkpoint, at location: InputLocation, library: ArchitectureLibrary, architecture: String?,
    adapters: [(adapter: LoRAAdapter, base: Checkpoint)]
  ) throws {
    self.adapters = adapters
    facts = try stored.facts(at: location)
    let encoded = EncodedCheckpoint(stored, configuration: facts.configuration?.json)
    (checkpoint, encodingProblems) = (encoded.checkpoint, encoded.problems)
    let candidates = try architecture.map { try [library.named($0)] } ?? facts.candidates(in: library)
    (definition, scheme) = try Self.bestScheme(candidates, checkpoint)
    do throws(HyperparameterError) {
      hyperparameters = try facts.hyperparameters(
        of: definition, observed: ArchitectureDefinition.ObservedTensors(checkpoint, definition, scheme))
    } catch {
      throw LocatedError(path: location.path, reason: error)
    }
    mapping = TensorMapping(checkpoint, facts, definition, scheme, hyperparameters)
  }

  /// Opens the checkpoint, and puts the tensors that each adapter replaces into the one before.
  private static func checkpoint(
    at location: InputLocation, _ adapters: [InputLocation]
  ) throws -> (Checkpoint, [(adapter: LoRAAdapter, base: Checkpoint)]) {
    let adapters = try adapters.map { try LoRAAdapter($0) }
    var checkpoint = try Checkpoint.open(location)
    var steps: [(adapter: LoRAAdapter, base: Checkpoint)] = []
    for adapter in adapters {
      let base = checkpoint
      steps.append((adapter, base))
      checkpoint = try adapter.naming { () throws(AdapterError) in try base.replacing(with: adapter) }
    }
    if LoRAAdapter.isAdapter(checkpoint, in: location.folder) { throw ModelError.isAdapter(path: location.path) }
    return (checkpoint, steps)
  }

  /// Returns the candidate and scheme that know most of the tensor names; the first of equals.
  private static func bestScheme(
    _ candidates: [ArchitectureDefinition], _ checkpoint: Checkpoint
  ) throws -> (ArchitectureDefinition, NamingScheme) {
    var best: (definition: ArchitectureDefinition, scheme: NamingScheme, known: Int)?
    for definition in candidates {
      for scheme in definition.schemes {
        let matcher = definition.matcher(of: scheme)
        let known = checkpoint.tensors.reduce(0) { $0 + (matcher.match(of: $1.name) == nil ? 0 : 1) }
        if known > best?.known ?? 0 { best = (definition, scheme, known) }
      }
    }
    guard let best else {
      throw ModelError.unknownNames(
        path: checkpoint.path, sample: checkpoint.tensors.prefix(3).map(\.name.text),
        known: candidates.count == 1 ? candidates[0].schemes.map(\.name) : [])
    }
    return (best.definition, best.scheme)
  }
}

extension ArchitectureLibrary {
  func named(_ name: String) throws(ModelError) -> ArchitectureDefinition {
    guard let definition = definition(named: name) else {
      throw .noDefinition(name: name, hint: hint(for: name))
    }
    return definition
  }
}
