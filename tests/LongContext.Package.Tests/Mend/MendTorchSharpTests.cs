namespace LongContext.Package.Tests.Mend;

/// <summary>The mend of TorchSharp's Linux library (src/LongContext/buildTransitive), as MSBuild runs it.</summary>
public sealed class MendTorchSharpTests(MendRuns runs) : IClassFixture<MendRuns>
{
    [Fact]
    public void Mend_LibraryThatAsksForTheVersion_ChangesOneBitInACopy()
    {
        MendCase result = runs["original"];
        Assert.Empty(result.Errors);
        byte[] original = File.ReadAllBytes(MendRuns.Original), mended = File.ReadAllBytes(result.MendedPath);
        Assert.Equal(original.Length, mended.Length);
        int[] changed = [.. Enumerable.Range(0, original.Length).Where(i => original[i] != mended[i])];
        Assert.Equal([ElfImage.FlagsOffset(original)], changed);
        Assert.Equal(original[changed[0]] | 2, mended[changed[0]]);
        Assert.NotEmpty(result.Output);
        Assert.All(result.Output, line => Assert.Contains("mended copy of", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Mend_LibraryThatAsksForTheVersion_TakesTheOriginalsPlace()
    {
        MendCase result = runs["original"];
        Assert.Equal(
            [
                "native|/somewhere/libtorch_cpu.so|",
                $"native|{result.MendedPath}|native/",
                "runtime|/somewhere/LibTorchSharp.dll|runtimes/win-x64/native/LibTorchSharp.dll",
                $"runtime|{result.MendedPath}|runtimes/linux-x64/native/libLibTorchSharp.so",
            ],
            result.Items.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mend_PackageCache_StaysAsItWas()
    {
        Assert.Empty(runs["original"].Errors);
        Assert.Equal(runs.HashBefore, MendRuns.HashNow());
    }

    [Theory]
    [InlineData("already-mended")]
    [InlineData("without-versions")]
    public void Mend_LibraryThatNeedsNone_IsLeftAlone(string name)
    {
        MendCase result = runs[name];
        AssertUntouched(result, items: 4);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Mend_AnotherLibraryAfterTheFirst_IsLookedAtAnewThoughOlder()
    {
        MendCase result = runs["changed-library"];
        Assert.Empty(result.Errors);
        // The second one needs no mending: the copy that the first build left must not take its place.
        Assert.NotEmpty(result.MendedPath);
        Assert.Equal(4, result.Items.Length);
        Assert.DoesNotContain(result.Items, item => item.Contains("obj/longcontext", StringComparison.Ordinal));
    }

    [Fact]
    public void Mend_SwitchedOff_DoesNothing() => AssertUntouched(runs["switched-off"], items: 4);

    [Fact]
    public void Mend_OutputWithoutTheLibrary_DoesNothing() => AssertUntouched(runs["no-library"], items: 2);

    [Theory]
    [InlineData("not-elf", "it is not an ELF file")]
    [InlineData("empty", "it is not an ELF file")]
    [InlineData("cut-short", "it is cut short or its tables are damaged")]
    [InlineData("header-only", "it is cut short or its tables are damaged")]
    [InlineData("other-symbol", "it uses _ZSt21ios_base_library_inatv of GLIBCXX_3.4.32")]
    [InlineData("newer-version", "it asks for GLIBCXX_3.4.33")]
    public void Mend_LibraryItDoesNotUnderstand_FailsAndSaysWhatToDo(string name, string reason)
    {
        MendCase result = runs[name];
        string error = Assert.Single(result.Errors);
        Assert.Contains("LongContext cannot make TorchSharp's library fit for older Linux systems", error, StringComparison.Ordinal);
        Assert.Contains("libLibTorchSharp.so", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains("LongContextMendTorchSharp to false", error, StringComparison.Ordinal);
        Assert.Empty(result.Items);
        Assert.Equal("", result.MendedPath);
    }

    private static void AssertUntouched(MendCase result, int items)
    {
        Assert.Empty(result.Errors);
        Assert.Equal(items, result.Items.Length);
        Assert.DoesNotContain(result.Items, item => item.Contains("obj/longcontext", StringComparison.Ordinal));
        Assert.Equal("", result.MendedPath);
    }
}
