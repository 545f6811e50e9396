using LongContext.Packing;

namespace LongContext.Data.Examples;

/// <summary>From examples to tokens.</summary>
public static class ExampleEncoderExtensions
{
    /// <summary>The tokens of each example, in order.</summary>
    /// <param name="source">The examples; used by the new source alone from now on.</param>
    /// <param name="encoder">What encodes them.</param>
    /// <param name="onBadExample">
    /// Called with the fault of an example that cannot be encoded (a conversation that the chat format refuses, say), which is then passed over. Null, the default:
    /// the fault is thrown, and the source stands before the example.
    /// </param>
    /// <returns>A source whose state is that of <paramref name="source"/>, with <see cref="ExampleEncoder.Identity"/>: it goes on with the same encoder only.</returns>
    public static IDataSource<TokenSequence> Encode(this IDataSource<TrainingExample> source, ExampleEncoder encoder, Action<DataFormatException>? onBadExample = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(encoder);
        return new EncodingSource(source, encoder, onBadExample);
    }
}
