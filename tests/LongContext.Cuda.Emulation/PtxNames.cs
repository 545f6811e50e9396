using System.Reflection;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Emulation;

/// <summary>The driver's calls carry a module's text and not its name: faults get the name of the embedded file with that text.</summary>
internal static class PtxNames
{
    private const string Prefix = "ptx/";
    private static readonly Assembly Home = typeof(ICudaDriver).Assembly;

    private static readonly ILookup<long, string> ByLength = Home.GetManifestResourceNames()
        .Where(x => x.StartsWith(Prefix, StringComparison.Ordinal)).ToLookup(x => Home.GetManifestResourceStream(x)!.Length);

    public static string Find(ReadOnlySpan<byte> text)
    {
        foreach (string name in ByLength[text.Length])
        {
            using Stream stream = Home.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[text.Length];
            stream.ReadExactly(bytes);
            if (text.SequenceEqual(bytes))
                return name[Prefix.Length..];
        }
        return "module";
    }
}
