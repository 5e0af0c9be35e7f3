import Architectures
import Bytes
import Formats
import Models
import Quantization
import Tensors
import Tokenization

/// Decides a conversion: pure but for small files beside the model. Every problem is found before any output exists.
public struct Planner {
  let model: Model
  var request: ConversionRequest
  var problems: [any IngotError] = []
  var remarks: [PlanMessage] = []
  var fallbacks = Fallbacks()
  /// Tensors of layers that are left out.
  var pruned: [(name: TensorName, reason: String)] = []
  /// Roles that stay F32 in a folder whose matrices are narrower.
  var wideRoles: Set<TensorRole> = []
  /// Layers that remain where some are left out.
  var keptLayerCount: Int?

  init(_ model: Model, _ request: ConversionRequest) {
    self.model = model
    self.request = request
  }

  /// The plan of converting `model` as `request` asks.
  ///
  /// - Throws: a `ProblemList` of everything that stands in the way.
  public static func plan(_ model: Model, _ request: ConversionRequest) throws -> ConversionPlan {
    var planner = Planner(model, request)
    return try planner.plan()
  }

  private mutating func plan() throws -> ConversionPlan {
    if mapsByNameOnly { notePlainFit() } else { problems += model.problems }
    if model.checkpoint.containerFacts["byteOrder"] == ByteOrder.bigEndian.rawValue {
      problems += model.checkpoint.tensors.prefix(1).map { TensorProblem($0, .bigEndian) }
    }
    let target = request.resolvedTarget
    let scheme = try targetScheme(target)
    if !mapsByNameOnly { checkNumbers(target) }
    try requireProblemFree()

    remarks += model.remarks.map(PlanMessage.note) + model.checkpoint.remarks.map(PlanMessage.warning)
    noteDialect()
    if !mapsByNameOnly { try noteTiedTensors() }
    let type = chosenType(target)
    var tensors = mapsByNameOnly ? planByNames() : planTensors(target, scheme, type)
    if let recipe { applyRecipe(recipe, to: &tensors) }
    applyTypeProblems(tensors)
    reportFallbacks(tensors)
    try requireProblemFree()

    if recipe == nil { order(&tensors, target) }
    if target == .gguf { try nameOutput(tensors, type) }
    let output: (files: [PlannedFile], sideFiles: [SideFile])
    switch target {
    case .gguf: output = (try ggufFiles(tensors, type), [])
    case .safeTensors: output = (try safeTensorsFile(tensors), [])
    case .folder: output = try folderFiles(tensors, scheme, type)
    }
    try requireFreeOutputs(output.files.map(\.path) + output.sideFiles.map(\.path))
    try requireProblemFree()
    let rounded = try roundedTensors(tensors)
    let dropped = mapsByNameOnly ? pruned : model.dropped.map { ($0.tensor.name, $0.reason) } + pruned
    noteDropped(dropped)
    return ConversionPlan(
      source: model, destination: request.destination, target: target, scheme: scheme, type: type,
      files: output.files, sideFiles: output.sideFiles,
      dropped: dropped + (mapsByNameOnly ? [] : droppedDerived(scheme)),
      rounded: rounded, remarks: remarks, overwrite: request.overwrite)
  }

  /// Throws everything found so far, if anything.
  func requireProblemFree() throws {
    guard !problems.isEmpty else { return }
    throw ProblemList(problems.map { LocatedError(path: model.checkpoint.path, fact: $0) })
  }

  /// The numbers must make sense, and be there where the output states them.
  private mutating func checkNumbers(_ target: ConversionRequest.Target) {
    guard model.hasExplicitHyperparameters || target != .safeTensors else { return }
    guard model.hasExplicitHyperparameters else {
      problems.append(ConversionError.needsNumbers(target: target == .gguf ? "a GGUF" : "a folder"))
      return
    }
    do throws(HyperparameterError) {
      // The numbers of an architecture that no forward pass runs are only looked at one by one.
      if model.definition.forwardPass != nil { _ = try model.hyperparameters() }
    } catch {
      problems.append(error)
    }
  }

  /// Says what is left out: tensors by their names, or where many go for one reason the first of them and how many.
  private mutating func noteDropped(_ dropped: [(name: TensorName, reason: String)]) {
    var counts: [String: Int] = [:]
    for tensor in dropped { counts[tensor.reason, default: 0] += 1 }
    for tensor in dropped {
      guard let count = counts[tensor.reason] else { continue }
      if count > Self.namedDropCount {
        counts[tensor.reason] = nil
        remarks.append(
          .note("\(count.grouped) tensors from \(tensor.name.text.quoted) on are left out: \(tensor.reason)"))
      } else {
        remarks.append(.note("tensor \(tensor.name.text.quoted) is left out: \(tensor.reason)"))
      }
    }
  }

  /// As many tensors as are left out for one reason are named one by one.
  private static let namedDropCount = 100

  private func targetScheme(_ target: ConversionRequest.Target) throws -> NamingScheme {
    let definition = model.definition
    let folderName = definition.schemes.first { $0.condition.map(model.parameters.flag) == true }?.name ?? "hf"
    let isOther = model.scheme.name == "gguf" || model.scheme.isTextPart
    let native = target == .gguf ? "gguf" : isOther ? folderName : model.scheme.name
    let name = request.naming ?? native
    guard let scheme = definition.scheme(name), !scheme.isTextPart else {
      throw ConversionError.unknownNaming(
        name, known: definition.schemes.filter { !$0.isTextPart }.map(\.name))
    }
    if target == .gguf, name != "gguf" { throw ConversionError.namingNeedsFolder(naming: name, target: "GGUF") }
    return scheme
  }

  /// Derived tensors of the source that the output's scheme has no place for; what they say is kept in the numbers.
  private func droppedDerived(_ scheme: NamingScheme) -> [(name: TensorName, reason: String)] {
    let hasPlace = model.definition.derived.contains { model.definition.pattern(of: $0, in: scheme) != nil }
    return hasPlace ? [] : model.derived.map { ($0.name, "follows from the parameters") }
  }

  // MARK: - Outputs that are in the way

  private mutating func requireFreeOutputs(_ paths: [String]) throws {
    for path in paths where model.isRead(from: path) { throw FileError.isInput(path: path) }
    for path in paths { try AtomicFile.requireFree(path, overwrite: request.overwrite) }
    guard request.resolvedTarget == .folder, OutputFolder(request.destination).exists else { return }
    let written = Set(paths.map { Path.name(of: $0) })
    for name in try OutputFolder(request.destination).names()
    where SideFiles.isWeights(name) && !written.contains(name) {
      throw ConversionError.otherWeights(folder: request.destination, name: name)
    }
  }
}
