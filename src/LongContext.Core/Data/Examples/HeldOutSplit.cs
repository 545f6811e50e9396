using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Cleaning;

namespace LongContext.Data.Examples;

/// <summary>
/// Divides examples into those that are trained on and those that are held out, by a hash of a key: the same example falls on the same side in every pass, process and order,
/// and whatever else is in the data. <see cref="HeldOutExtensions"/> has it as a stage.
/// </summary>
/// <remarks>Examples of the same key are never divided: give a key where several belong together, questions about one document or chapters of one book.</remarks>
public sealed class HeldOutSplit
{
    private readonly Func<TrainingExample, string> key;
    private readonly UInt128 bound; // hashes below it are held out
    private readonly long hashSeed;

    /// <summary>Makes a split.</summary>
    /// <param name="share">The share of keys that are held out, 0 to 1; of many examples about that share is.</param>
    /// <param name="seed">Another seed holds out others. Default 0.</param>
    /// <param name="key">What examples must have in common to stay together. Default: the text, so that copies stay together.</param>
    /// <param name="identity">Names what the function does; part of <see cref="Identity"/>. Default: empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not from 0 to 1.</exception>
    public HeldOutSplit(double share, int seed = 0, Func<TrainingExample, string>? key = null, string identity = "")
    {
        if (!(share is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "Expected 0 to 1.");
        ArgumentNullException.ThrowIfNull(identity);
        this.key = key ?? ExampleTexts.Of;
        hashSeed = seed;
        bound = (UInt128)(share * 18446744073709551616.0); // 2⁶⁴, so that 1 is above every hash
        Identity = string.Create(CultureInfo.InvariantCulture, $"held out {share:R} of {(key is null ? "texts" : $"keys ({identity})")}, seed {seed}");
    }

    /// <summary>Names share, seed and key, for states and the settings of a cache's key.</summary>
    public string Identity { get; }

    /// <summary>Whether an example is held out.</summary>
    /// <param name="example">The example.</param>
    /// <exception cref="InvalidOperationException">The key is null.</exception>
    public bool IsHeldOut(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        string text = key(example) ?? throw new InvalidOperationException($"The key of an example is null{(example.Origin is { } origin ? $" ({origin})" : "")}.");
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), hashSeed) < bound;
    }
}
