import Bytes
import Tensors

// grid     = latest_checkpointed_iteration.txt    the number of an iteration, or "release"
//            iter_0000100/ or release/            what that iteration saved
// save     = mp_rank_TT/                          the part of tensor-parallel rank TT; with a pipeline of stages PPP:
//            mp_rank_TT_PPP/                      the part of rank TT of stage PPP
// part     = model_optim_rng.pt, other files of the optimizer
//
// model_optim_rng.pt is a torch.save of
//   { "args": argparse.Namespace, "checkpoint_version": 3.0, "iteration": …, "model": state dict, "optimizer": …, … }
// A rank with several chunks of an interleaved pipeline has "model0", "model1", … in place of "model".
//
// (megatron/training/checkpointing.py of NVIDIA/Megatron-LM, `get_checkpoint_name` and `generate_state_dict`)

/// Reads what Megatron-LM, and programs made of it such as FlagScale, save in training: a grid of ranks, each with a part of the
/// model.
enum Megatron {
  static let trackerName = "latest_checkpointed_iteration.txt"
  static let partName = "model_optim_rng.pt"
  private static let maximumTrackerByteCount = 256

  /// The file by which a folder with these names is opened; nil if it has no grid.
  static func opening(_ names: [String]) -> String? {
    if names.contains(trackerName) { return trackerName }
    return names.first { MegatronRank($0) != nil }.map { Path.join($0, partName) }
  }

  /// Whether `file` is the one by which a grid in `folder` is opened.
  static func isOpening(_ file: any ByteSource, in folder: any FileTree) throws(FileError) -> Bool {
    if file.name == trackerName { return true }
    guard file.name == partName else { return false }
    return try folder.names(in: "").contains { MegatronRank($0) != nil }
  }

  /// Opens the grid in `folder` that `file` tells of.
  ///
  /// Headers of all parts are read; of tensors that each rank has whole, the data is read and compared.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    do throws(MegatronError) {
      let save = file.name == trackerName ? try savedFolder(file, in: folder) : ""
      let grid = try MegatronGrid(in: folder, save: save)
      var stages: [[ParsedHeader]] = []
      for stage in grid.folders {
        var headers: [ParsedHeader] = []
        for name in stage { headers.append(try header(Path.join(name, partName), in: folder)) }
        stages.append(headers)
      }
      return try checkpoint(path: file.path, folder: folder, grid, stages)
    } catch {
      throw error.located(in: folder.path)
    }
  }

  /// The folder that an iteration was saved in, by its number in digits.
  static func saveName(ofIteration digits: String) -> String {
    "iter_" + String(repeating: "0", count: max(0, 7 - digits.utf8.count)) + digits
  }

  /// The folder of the iteration that the tracker names.
  private static func savedFolder(
    _ tracker: any ByteSource, in folder: any FileTree
  ) throws(MegatronError) -> String {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try tracker.bytes(at: 0, count: min(tracker.byteCount, maximumTrackerByteCount))
    } catch {
      throw .unreadable(error)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let word = String(text.filter { !$0.isWhitespace })
    let digits = word.allSatisfy { $0.isASCII && $0.isNumber } && (1...12).contains(word.utf8.count)
    guard word == "release" || digits else { throw .tracker(word) }
    let name = digits ? saveName(ofIteration: word) : word
    guard folder.kind(of: name) == .folder else { throw .missingSave(name) }
    return name
  }

  private static func header(_ name: String, in folder: any FileTree) throws(MegatronError) -> ParsedHeader {
    guard folder.hasFile(name) else { throw .missingPart(name) }
    do {
      let file = try folder.open(name), container = try FormatSniffer.container(of: file)
      guard container == .pyTorch else { throw MegatronError.otherContainer(name, container) }
      return try PyTorch.contents(file)
    } catch let error as MegatronError {
      throw error
    } catch {
      throw .part(error)
    }
  }

  private static func checkpoint(
    path: String, folder: any FileTree, _ grid: MegatronGrid, _ stages: [[ParsedHeader]]
  ) throws(MegatronError) -> Checkpoint {
    var arguments: MegatronArguments?
    for (headers, names) in zip(stages, grid.folders) {
      for (header, name) in zip(headers, names) {
        let own = try MegatronArguments(header.trainer, in: name)
        if let arguments { try arguments.requireSame(own) } else { arguments = own }
      }
    }
    guard let arguments else { throw .noRanks(folder.path) }
    try arguments.requireReadable(tensorSize: grid.tensorSize, stageCount: grid.stageCount)
    var joiner = MegatronJoiner(path: folder.path, arguments)
    try joiner.join(stages, grid.folders)
    var facts = stages.first?.first?.facts ?? [:]
    facts["tensorParallelSize"] = "\(grid.tensorSize)"
    facts["pipelineParallelSize"] = "\(grid.stageCount)"
    if let iteration = arguments.iteration { facts["iteration"] = "\(iteration)" }
    // What the pickles of all parts name is told once; that what is beside the model is not read is not said, as `args` is.
    var remarks: [String] = []
    for header in stages.joined() {
      for remark in header.remarks where remark != header.trainer.wrapperRemark && !remarks.contains(remark) {
        remarks.append(remark)
      }
    }
    return Checkpoint(
      container: .pyTorch, path: path, files: joiner.sources, metadata: arguments.metadata, tensors: joiner.tensors,
      containerFacts: facts, remarks: remarks + joiner.remarks)
  }
}

extension Checkpoint {
  /// The arguments of the training program that saved the model, by name; nil if none were saved.
  ///
  /// Only those are here that say how the model computes.
  public var megatronArguments: Metadata? {
    guard containerFacts["tensorParallelSize"] != nil else { return nil }
    var arguments = Metadata()
    for (key, value) in metadata.pairs where key.text.hasPrefix(TrainerState.argumentPrefix) {
      arguments[String(key.text.dropFirst(TrainerState.argumentPrefix.count))] = value
    }
    return arguments
  }
}
