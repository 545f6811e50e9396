using LongContext.TestSupport;

namespace LongContext.Checkpoints;

public sealed class FolderManifestTests
{
    [Fact]
    public void FindFault_AsWritten_IsNull()
    {
        using TemporaryFolder folder = Folder();
        Assert.Null(FolderManifest.FindFault(folder.Path, checksums: true));
        // What comes later, for example a note, is nobody's concern.
        File.WriteAllText(folder["note.txt"], "good one");
        Assert.Null(FolderManifest.FindFault(folder.Path, checksums: true));
    }

    [Theory]
    [InlineData("a.bin")]
    [InlineData("below/b.bin")]
    [InlineData("empty")]
    public void FindFault_MissingOrLongerFile_NamesIt(string file)
    {
        using TemporaryFolder folder = Folder();
        File.AppendAllText(folder[file], "x");
        Assert.Contains(file, FolderManifest.FindFault(folder.Path, checksums: false), StringComparison.Ordinal);
        File.Delete(folder[file]);
        Assert.Contains(file, FolderManifest.FindFault(folder.Path, checksums: false), StringComparison.Ordinal);
    }

    [Fact]
    public void FindFault_SameSizeOtherBytes_IsSeenByChecksumsOnly()
    {
        using TemporaryFolder folder = Folder();
        byte[] bytes = File.ReadAllBytes(folder["below/b.bin"]);
        bytes[1234] ^= 1;
        File.WriteAllBytes(folder["below/b.bin"], bytes);
        Assert.Null(FolderManifest.FindFault(folder.Path, checksums: false));
        Assert.Contains("b.bin has checksum", FolderManifest.FindFault(folder.Path, checksums: true), StringComparison.Ordinal);
    }

    [Fact]
    public void FindFault_AnyBitOfTheManifestFlipped_IsAFault()
    {
        using TemporaryFolder folder = Folder();
        string path = folder[FolderManifest.FileName];
        byte[] whole = File.ReadAllBytes(path);
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] changed = [.. whole];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, changed);
            Assert.True(FolderManifest.FindFault(folder.Path, checksums: true) is not null, $"bit {bit} goes unseen");
        }
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("below/../../outside")]
    [InlineData("")]
    public void FindFault_NameOutsideTheFolder_IsNotLookedAt(string name)
    {
        using TemporaryFolder folder = Folder();
        string text = File.ReadAllText(folder[FolderManifest.FileName]);
        File.WriteAllText(folder[FolderManifest.FileName], text.Replace("a.bin", name, StringComparison.Ordinal));
        Assert.Contains("is not as it was written", FolderManifest.FindFault(folder.Path, checksums: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"formatVersion\": 1}")]
    [InlineData("{\"formatVersion\": 1, \"files\": [null]}")]
    [InlineData("{\"formatVersion\": 2, \"files\": []}")]
    public void FindFault_AnotherDocument_IsAFault(string text)
    {
        using TemporaryFolder folder = Folder();
        File.WriteAllText(folder[FolderManifest.FileName], text);
        Assert.NotNull(FolderManifest.FindFault(folder.Path, checksums: false));
    }

    private static TemporaryFolder Folder()
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["below"]);
        File.WriteAllText(folder["a.bin"], "content");
        File.WriteAllText(folder["empty"], "");
        byte[] bytes = new byte[3_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(folder["below/b.bin"], bytes);
        FolderManifest.Write(folder.Path);
        return folder;
    }
}
