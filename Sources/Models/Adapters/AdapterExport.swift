import Architectures
import Bytes
import Formats
import Quantization
import Tensors

/// A LoRA adapter of PEFT as a GGUF has it, for llama.cpp.
///
/// The factors get the names of the base's GGUF; the rows of B are those of the tensor that the GGUF stores, in its order.
public struct AdapterExport: Sendable {
  /// A factor to write.
  public struct Tensor: Sendable {
    public let name: TensorName
    /// The dimensions, slowest-varying first.
    public let shape: Shape
    fileprivate let factor: LoRAUpdate.Factor
    /// The row of the factor for each row that is written; nil for all in their order.
    fileprivate let rows: [Int]?
    /// The same of columns.
    fileprivate let columns: ColumnMoves?
    /// A number by which values are multiplied: not 1 where a module has a scale of its own.
    fileprivate let multiplier: Float

    /// Whether the values are others than the adapter's.
    public var isRescaled: Bool { multiplier != 1 }
  }

  /// The adapter's path.
  public let path: String
  /// The folder of the adapter.
  public let folder: ModelFolder?
  /// `general.architecture` of the base.
  public let architecture: String
  /// `lora_alpha`.
  public let alpha: Double
  public let tensors: [Tensor]
  /// The files that are read.
  public let files: [any ByteSource]
  private let weights: Checkpoint

  /// Reads the headers of the adapter at `location`, and names its factors as the GGUF of its base does.
  ///
  /// - Parameters:
  ///   - base: the model that it was made for, of which only the configuration is read; nil for the folder that the adapter
  ///     names.
  /// - Throws: if the base is unknown, or an update cannot be an update of the GGUF's tensors.
  public init(
    _ location: InputLocation, base: InputLocation?, library: ArchitectureLibrary, architecture name: String? = nil
  ) throws {
    let adapter = try LoRAAdapter(location)
    let (definition, hyperparameters) = try adapter.base(base, library, named: name)
    path = location.path
    folder = try? ModelFolder(location)
    files = adapter.files
    alpha = adapter.alpha
    weights = adapter.weights
    self.architecture = definition.ggufArchitecture ?? ""
    tensors = try adapter.naming { () throws(AdapterError) in
      if let replaced = adapter.replacements.first { throw .whole(replaced.name.text) }
      guard let scheme = definition.scheme("gguf"), definition.ggufArchitecture != nil else {
        throw .noWeight(definition.name)
      }
      let namer = AdapterNamer(definition: definition, hyperparameters: hyperparameters, scheme: scheme)
      var tensors: [Tensor] = []
      for pair in adapter.pairs { tensors += try namer.tensors(of: pair, alpha: adapter.alpha) }
      return tensors
    }
  }

  /// Whether the name at `path` can be that of an adapter of PEFT: any name but those of other compressed files.
  public static func mayBeAdapter(_ path: String) -> Bool {
    let name = Path.name(of: path)
    return Compression.ending(name) == nil || LoRAAdapter.weightsFiles.contains(Compression.unpackedName(name))
  }

  /// Whether an adapter of PEFT is at `location`.
  public static func isAdapter(_ location: InputLocation) -> Bool {
    guard location.file.map({ LoRAAdapter.weightsFiles.contains($0.name) }) ?? true else { return false }
    return LoRAAdapter.isFolder(location.folder)
  }

  /// Reads the values of a factor, row after row.
  public func values(of tensor: Tensor) throws -> [Float] {
    let dimensions = tensor.factor.dimensions
    var values = try tensor.factor.read(0..<dimensions[0], of: weights)
    if let rows = tensor.rows {
      let width = dimensions[1], stored = values
      values = []
      values.reserveCapacity(rows.count * width)
      for row in rows { values += stored[row * width..<(row + 1) * width] }
    }
    if let columns = tensor.columns { values = columns.moved(values) }
    if tensor.multiplier != 1 { for index in values.indices { values[index] *= tensor.multiplier } }
    return values
  }

  /// The format of the factors, if they all have one.
  public var storedFormat: StorageFormat? {
    let formats = Set(tensors.map { $0.factor.tensor.format })
    return formats.count == 1 ? formats.first ?? nil : nil
  }
}

extension LoRAAdapter {
  /// The definition and hyperparameters of the model that the adapter was made for.
  fileprivate func base(
    _ location: InputLocation?, _ library: ArchitectureLibrary, named name: String?
  ) throws -> (ArchitectureDefinition, HyperparameterSet) {
    guard let location = location ?? base.flatMap({ try? InputLocation($0) }) else {
      throw LocatedError(path: path, reason: AdapterError.noBase(base))
    }
    if let config = try? ModelFolder(location).json("config.json") {
      let configuration = Configuration(config)
      if let definition = try name.map({ try library.named($0) }) ?? library.definition(of: configuration) {
        return try LocatedError.naming(location.path) { () throws(HyperparameterError) in
          (definition, try definition.hyperparameters(of: configuration))
        }
      }
    }
    let opening = try ModelOpening(location, library: library, architecture: name)
    return (opening.definition, opening.hyperparameters)
  }
}

/// Gives factors the names and row orders of a GGUF.
private struct AdapterNamer {
  let definition: ArchitectureDefinition
  let hyperparameters: HyperparameterSet
  let scheme: NamingScheme

  func tensors(of pair: LoRAAdapter.LoRAPair, alpha: Double) throws(AdapterError) -> [AdapterExport.Tensor] {
    let (rule, layer, instance) = try rule(of: pair.weight)
    let source = try layout(rule, pair, layer: layer)
    guard source.instanceCount == nil else { throw .stacked(pair.weight.text) }
    guard pair.up.dimensions[0] == source.logicalRowCount, pair.down.dimensions[1] == source.columnCount else {
      throw .wrongFactors(
        module: pair.module,
        found: "the factors make a matrix of \(pair.up.dimensions[0]) × \(pair.down.dimensions[1])",
        expected: "\(source.logicalRowCount) × \(source.columnCount)")
    }
    let multiplier = pair.scale / Float(alpha / Double(pair.rank))
    var tensors: [AdapterExport.Tensor] = []
    for target in definition.storedRules(in: scheme) where target.roles.contains(where: rule.roles.contains) {
      let name = target.name(layer: layer, instance: instance)
      guard target.roles.allSatisfy(rule.roles.contains) else { throw .severalModules(name.text, module: pair.module) }
      let stored = try layout(target, pair, layer: layer)
      guard stored.instanceCount == nil, stored.transposedBlockCount == nil else { throw .stacked(name.text) }
      let rows = rows(of: source, rule.roles, in: stored, target.roles)
      tensors += try factors(
        pair, name, rows: rows == Array(0..<source.logicalRowCount) ? nil : rows,
        columns: ColumnMoves(count: stored.columnCount, from: source.columnOrder, to: stored.columnOrder), multiplier)
    }
    return tensors
  }

  /// The two tensors of a weight.
  private func factors(
    _ pair: LoRAAdapter.LoRAPair, _ name: TensorName, rows: [Int]?, columns: ColumnMoves?, _ multiplier: Float
  ) throws(AdapterError) -> [AdapterExport.Tensor] {
    func tensor(
      _ end: String, _ factor: LoRAUpdate.Factor, rows: [Int]? = nil, columns: ColumnMoves? = nil, _ multiplier: Float
    ) throws(AdapterError) -> AdapterExport.Tensor {
      let dimensions = [rows?.count ?? factor.dimensions[0], factor.dimensions[1]]
      guard let shape = Shape(dimensions) else { throw .noWeight(name.text) }
      return AdapterExport.Tensor(
        name: TensorName("\(name.text).\(end)"), shape: shape, factor: factor, rows: rows, columns: columns,
        multiplier: multiplier)
    }
    if name.text == LoRAAdapter.embeddingName {
      // The rows are looked up by A; B is stored as PEFT has it.
      let spread = LoRAUpdate.Factor(tensor: pair.down.tensor, isTransposed: !pair.down.isTransposed)
      return [try tensor("lora_a", pair.up, rows: rows, 1), try tensor("lora_b", spread, multiplier)]
    }
    return [
      try tensor("lora_a", pair.down, columns: columns, 1), try tensor("lora_b", pair.up, rows: rows, multiplier),
    ]
  }

  /// For each row of the target the row of the source.
  private func rows(
    of source: StoredLayout, _ sourceRoles: [TensorRole], in target: StoredLayout, _ targetRoles: [TensorRole]
  ) -> [Int] {
    var rows = [Int](repeating: 0, count: target.logicalRowCount)
    for (component, role) in targetRoles.enumerated() {
      guard let origin = sourceRoles.firstIndex(of: role) else { continue }
      for row in 0..<target.components[component].rowCount {
        rows[target.logicalRow(of: .init(component: component, instance: 0, row: row))] = source.logicalRow(
          of: .init(component: origin, instance: 0, row: row))
      }
    }
    return rows
  }

  private func layout(
    _ rule: StoredRule, _ pair: LoRAAdapter.LoRAPair, layer: Int?
  ) throws(AdapterError) -> StoredLayout {
    do throws(LayoutError) {
      return try definition.layout(of: rule, hyperparameters, layer: layer)
    } catch {
      throw .noWeight(pair.weight.text)
    }
  }

  /// The tensors that a scheme other than that of a GGUF stores under `name`.
  private func rule(of name: TensorName) throws(AdapterError) -> (rule: StoredRule, layer: Int?, instance: Int?) {
    for scheme in definition.schemes {
      let matcher = definition.matcher(of: scheme)
      guard case .tensor(let index, let layer, let instance) = matcher.match(of: name) else { continue }
      return (matcher.rules[index], layer, instance)
    }
    throw .noWeight(name.text)
  }
}
