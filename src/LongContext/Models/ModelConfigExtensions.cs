using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Models;

/// <summary>Changes of a model's window.</summary>
public static class ModelConfigExtensions
{
    /// <summary>The same config under another scaling, with the window that goes with it.</summary>
    /// <param name="config">The config; its own scaling is replaced, not multiplied.</param>
    /// <param name="scaling">The new scaling.</param>
    /// <param name="contextLength">
    /// max_position_embeddings in tokens. Null (the default): the trained window times the factor for linear scaling; the trained
    /// window itself otherwise, from which Hugging Face's dynamic NTK counts.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextLength"/> is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// A <paramref name="contextLength"/> other than the trained window with dynamic NTK, which counts from max_position_embeddings: a
    /// longer one would switch the scaling off.
    /// </exception>
    public static ModelConfig WithRopeScaling(this ModelConfig config, RopeScaling scaling, int? contextLength = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(scaling);
        if (contextLength is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(contextLength));
        int trained = config.RopeScaling is LinearRopeScaling before && config.OriginalMaxPositionEmbeddings == config.MaxPositionEmbeddings
            ? Math.Max(1, (int)(config.MaxPositionEmbeddings / before.Factor)) // config.json of a linear model states the long window only
            : config.OriginalMaxPositionEmbeddings;
        if (scaling is DynamicNtkRopeScaling && contextLength is { } asked && asked != trained)
        {
            throw new ArgumentException(
                $"Dynamic NTK counts from max_position_embeddings, the trained window of {trained} tokens; it takes no other context length, but {asked} was given.",
                nameof(contextLength));
        }

        int window = contextLength ?? (scaling is LinearRopeScaling linear ? checked((int)Math.Round(trained * linear.Factor)) : trained);
        return config with { RopeScaling = scaling, MaxPositionEmbeddings = window, OriginalMaxPositionEmbeddings = scaling is LinearRopeScaling ? window : trained };
    }
}
