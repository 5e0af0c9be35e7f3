import Architectures
import Bytes
import Formats
import Models
import Tensors

/// The complete decision on a conversion: everything that will be written, and why. Nothing is decided later.
public struct ConversionPlan: Sendable {
  /// The model that is converted.
  public let source: Model
  /// The file or folder that will be there.
  public let destination: String
  /// What is written.
  public let target: ConversionRequest.Target
  /// The naming scheme of the output.
  public let scheme: NamingScheme
  /// The storage format that was asked for or found.
  public let type: StorageFormat?
  /// The files with tensors, in order.
  public let files: [PlannedFile]
  /// The files without tensors, in the order in which they get their names; an index is last.
  public let sideFiles: [SideFile]
  /// The input tensors that are left out, with the reason.
  public let dropped: [(name: TensorName, reason: String)]
  /// Where the output differs from that of llama.cpp's converter on purpose.
  public let departures: [PlannedDeparture]
  /// The tensors of which some values do not come back exactly, because a constant is added to them.
  public let rounded: [RoundedTensor]
  /// Messages for the user.
  public let messages: [PlanMessage]
  /// The files that options name, apart from the source and its adapters.
  public let inputFiles: [InputFile]
  /// Whether existing files may be replaced.
  public let overwrite: OverwritePolicy
  /// The values of placeholders in names.
  let nameParts: OutputPattern.Values
  /// The choice of formats for a size target; nil without one.
  public internal(set) var sizeTarget: SizeTargetReport?
  /// The tensors of another model that are added, or replace others; nil without any.
  public internal(set) var graft: GraftReport?
  /// The files of the source that are deleted meanwhile; nil if they stay.
  public var consumption: SourceConsumption?

  /// The recipe or storage format in the names of outputs.
  public var formatName: String { nameParts.format }
  /// Replaces the placeholders in the name of a further file, as in that of the output.
  public func path(_ pattern: OutputPattern) -> String { nameParts.path(pattern.text) }

  /// All tensors, file by file.
  public var tensors: [PlannedTensor] { files.flatMap(\.tensors) }
  /// The path that opens the output: its folder, its file, or the first of a split set.
  public var openablePath: String { target == .folder ? destination : files.first?.path ?? destination }
  /// The folders of all files, each after the one that it is in; none if the output is a file.
  public var folders: [String] {
    guard target == .folder else { return [] }
    var folders = [destination]
    for path in files.map(\.path) + sideFiles.map(\.path) {
      var missing: [String] = [], folder = Path.folder(of: path)
      while folder.utf8.count > destination.utf8.count, !folders.contains(folder) {
        missing.append(folder)
        folder = Path.folder(of: folder)
      }
      folders += missing.reversed()
    }
    return folders
  }
  /// The bytes of all files with tensors.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
  /// Bits of tensor data to an element; nil without elements.
  public var bitsPerWeight: Double? {
    let elementCount = tensors.reduce(0) { $0 + $1.shape.elementCount }
    guard elementCount > 0 else { return nil }
    return Double(tensors.reduce(0) { $0 + $1.byteCount }) * 8 / Double(elementCount)
  }
}

/// Something about a plan that is worth saying.
public struct PlanMessage: Sendable, Hashable {
  /// The severity.
  public enum Severity: String, Sendable, CaseIterable {
    /// A fact.
    case note
    /// Something is lost or doubtful.
    case warning
  }

  /// The severity.
  public let severity: Severity
  /// The words.
  public let message: String

  /// A fact.
  public static func note(_ message: String) -> PlanMessage { PlanMessage(severity: .note, message: message) }
  /// Something lost or doubtful.
  public static func warning(_ message: String) -> PlanMessage { PlanMessage(severity: .warning, message: message) }
}

/// A file with tensors that will be written.
public struct PlannedFile: Sendable {
  /// Its path.
  public let path: String
  /// Everything before the tensors' data.
  public let header: [UInt8]
  /// The archive whose members are the tensors, in order; nil for a file in which they follow the header.
  public let archive: ZipLayout?
  /// Its size in bytes, before it is compressed.
  public let byteCount: Int
  /// The level at which zstd compresses it, in the seekable form; nil for a file that is not compressed.
  public let compressionLevel: Int?
  /// Its tensors.
  public let tensors: [PlannedTensor]

  /// A file whose layout is decided: each tensor gets the offset of the same index.
  ///
  /// - Parameter level: the level if the name asks for compression.
  init(
    path: String, header: [UInt8], byteCount: Int, tensors: [PlannedTensor], offsets: [Int], compressionLevel level: Int
  ) {
    self.path = path
    compressionLevel = Compression.ending(path) == .zstd ? level : nil
    archive = nil
    self.header = header
    self.byteCount = byteCount
    self.tensors = Self.placed(tensors, offsets)
  }

  /// A file whose tensors are members of an archive.
  init(path: String, archive: ZipLayout, tensors: [PlannedTensor], offsets: [Int]) {
    self.path = path
    compressionLevel = nil
    self.archive = archive
    header = []
    byteCount = archive.fileByteCount
    self.tensors = Self.placed(tensors, offsets)
  }

  private static func placed(_ tensors: [PlannedTensor], _ offsets: [Int]) -> [PlannedTensor] {
    zip(tensors, offsets).map { tensor, offset in
      var placed = tensor
      placed.fileOffset = offset
      return placed
    }
  }
}

/// A file without tensors.
public struct SideFile: Sendable {
  /// The contents.
  public enum Content: Sendable {
    case bytes([UInt8])
    /// The bytes of the file called `name`, unchanged.
    case copy(of: String, in: any FileTree)
  }

  /// Its path.
  public let path: String
  /// The contents.
  public let content: Content
}
