import Architectures
import Bytes
import Tensors

/// Which definition and naming scheme know a checkpoint's tensors.
public struct Recognition: Sendable {
  /// The architecture's definition.
  public let definition: Definition
  /// The convention its tensor names follow.
  public let scheme: NamingScheme
  /// How many of its tensors the definition knows by name.
  public let knownCount: Int

  /// The best match among `library`: the scheme that knows the most names; of equals, the definition that the
  /// metadata names, then the first that stands for itself in GGUF.
  public init?(_ checkpoint: Checkpoint, library: DefinitionLibrary) {
    let stated = checkpoint.metadata["general.architecture"]?.text
    var best: (definition: Definition, scheme: NamingScheme, rank: (Int, Int))?
    for definition in library.definitions {
      for scheme in definition.schemes {
        let reader = definition.reader(of: scheme)
        let count = checkpoint.tensors.reduce(0) { $0 + (reader.meaning(of: $1.name) == nil ? 0 : 1) }
        let preference = definition.name == (stated ?? definition.ggufArchitecture) ? 1 : 0
        if count > 0, (count, preference) > best?.rank ?? (0, 0) { best = (definition, scheme, (count, preference)) }
      }
    }
    guard let best else { return nil }
    definition = best.definition
    scheme = best.scheme
    knownCount = best.rank.0
  }
}
