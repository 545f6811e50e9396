using System.Reflection;

namespace LongContext.Cuda.Driver;

/// <summary>The PTX embedded in this assembly, compiled from Kernels/ by Kernels/build.sh.</summary>
internal static class KernelImages
{
    private const string Prefix = "ptx/";
    private static readonly Assembly Home = typeof(KernelImages).Assembly;

    /// <summary>All names, as <c>sm_80/attention_forward_bf16_128_128x64</c>.</summary>
    public static IEnumerable<string> Names { get; } =
        [.. Home.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..^".ptx".Length]).Order(StringComparer.Ordinal)];

    /// <summary>The text of a module, zero-terminated.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static byte[] Load(string name)
    {
        using Stream stream = Home.GetManifestResourceStream($"{Prefix}{name}.ptx")
            ?? throw new ArgumentException($"No kernel module '{name}' is embedded in {Home.GetName().Name}.", nameof(name));
        byte[] image = new byte[stream.Length + 1];
        stream.ReadExactly(image.AsSpan(0, (int)stream.Length));
        return image;
    }
}
