using Microsoft.Extensions.FileSystemGlobbing.Abstractions;

namespace LongContext.Data.Reading;

/// <summary>
/// A folder as patterns walk it. Links to folders are followed, but none into a folder that the walk is in already: it would give the same files
/// again and again, forty times as deep as the system follows links.
/// </summary>
internal sealed class LoopFreeFolder : DirectoryInfoBase
{
    private readonly DirectoryInfo folder;
    private readonly LoopFreeFolder? parent;
    private readonly string realPath;

    public LoopFreeFolder(string path)
        : this(new DirectoryInfo(path), parent: null, RealPath(Path.GetFullPath(path)))
    {
    }

    private LoopFreeFolder(DirectoryInfo folder, LoopFreeFolder? parent, string realPath)
    {
        this.folder = folder;
        this.parent = parent;
        this.realPath = realPath;
    }

    public override string Name => folder.Name;

    public override string FullName => folder.FullName;

    public override DirectoryInfoBase? ParentDirectory => parent;

    public override IEnumerable<FileSystemInfoBase> EnumerateFileSystemInfos()
    {
        if (!folder.Exists) yield break;
        foreach (FileSystemInfo info in folder.EnumerateFileSystemInfos("*", SearchOption.TopDirectoryOnly))
        {
            if (info is FileInfo file) yield return new FileInfoWrapper(file);
            else if (Below((DirectoryInfo)info) is { } below) yield return below;
        }
    }

    public override DirectoryInfoBase? GetDirectory(string path) => Below(new DirectoryInfo(Path.Combine(FullName, path)));

    public override FileInfoBase GetFile(string path) => new FileInfoWrapper(new FileInfo(Path.Combine(FullName, path)));

    /// <summary>The folder in this one; null where the walk is in it already.</summary>
    private LoopFreeFolder? Below(DirectoryInfo info)
    {
        string real = IsLink(info) ? RealPath(info.FullName) : Path.Combine(realPath, info.Name);
        for (LoopFreeFolder? above = this; above is not null; above = above.parent)
        {
            if (above.realPath == real) return null;
        }

        return new LoopFreeFolder(info, this, real);
    }

    private static bool IsLink(DirectoryInfo info) => info.Exists && info.Attributes.HasFlag(FileAttributes.ReparsePoint);

    /// <summary>A folder's full path without links in it.</summary>
    public static string RealPath(string path)
    {
        DirectoryInfo info = new(path);
        if (info.Parent is null) return path;
        return IsLink(info) && info.ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : Path.Combine(RealPath(info.Parent.FullName), info.Name);
    }
}
