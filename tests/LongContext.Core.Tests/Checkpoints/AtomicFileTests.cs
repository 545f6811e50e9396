using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public class AtomicFileTests
{
    [Fact]
    public void Write_NewAndExistingFile_HoldsTheNewText()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        AtomicFile.WriteAllText(folder["a.txt"], "a long first text");
        AtomicFile.WriteAllText(folder["a.txt"], "ü");

        Assert.Equal([0xC3, 0xBC], File.ReadAllBytes(folder["a.txt"]));
        Assert.Equal([folder["a.txt"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_WhileWriting_TheOldFileIsStillThere()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        AtomicFile.WriteAllText(folder["a.txt"], "old");
        AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        });

        Assert.Equal("new", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Write_Failure_FirstExceptionReachesTheCallerAndNothingRemains()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();

        Assert.Equal("first", Assert.Throws<IOException>(() => AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("half"u8);
            throw new IOException("first");
        })).Message);

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_OverASymbolicLink_ReplacesTheLinkNotItsTarget()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["blob"], "shared");
        try
        {
            File.CreateSymbolicLink(folder["link"], "blob");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("this system lets no symbolic link be made: " + exception.Message);
        }

        AtomicFile.WriteAllText(folder["link"], "own");

        Assert.Equal("shared", File.ReadAllText(folder["blob"]));
        Assert.Equal("own", File.ReadAllText(folder["link"]));
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("folder/")]
    public void Write_ToAFolder_ThrowsBeforeWriting(string name)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["folder"]);

        bool called = false;
        Exception exception = Assert.ThrowsAny<Exception>(() => AtomicFile.Write(folder[name], _ => called = true));

        Assert.False(called);
        Assert.True(exception is IOException or ArgumentException);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
        Assert.Empty(Directory.GetFileSystemEntries(folder["folder"]));
    }
}
