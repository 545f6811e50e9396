using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Models;

/// <summary>Changes of a model's window.</summary>
public static class ModelConfigExtensions
{
    /// <summary>The window in tokens before any scaling: what the positions of pretraining reached.</summary>
    /// <param name="config">
    /// The config. One with linear, NTK-aware or proportional scaling that states the long window only has it divided by the factor; with
    /// no scaling and with dynamic NTK it is the window that the config states. NTK-aware scaling is written as the base that it gives, so
    /// that a config read back from such a file counts as unscaled.
    /// </param>
    public static int TrainedContextLength(this ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.RopeScaling is NoRopeScaling or DynamicNtkRopeScaling or DynamicNtkAlphaRopeScaling) return config.MaxPositionEmbeddings;
        double factor = config.RopeScaling switch
        {
            LinearRopeScaling linear => linear.Factor,
            NtkAwareRopeScaling ntk => ntk.Factor,
            ProportionalRopeScaling proportional => proportional.Factor,
            _ => 1,
        };
        return factor > 1 && config.OriginalMaxPositionEmbeddings == config.MaxPositionEmbeddings
            ? Math.Max(1, (int)Math.Round(config.MaxPositionEmbeddings / factor))
            : config.OriginalMaxPositionEmbeddings;
    }

    /// <summary>The same config under another scaling, with the window that goes with it.</summary>
    /// <param name="config">The config; its own scaling is replaced, not multiplied. Layer types with rotary settings of their own keep them.</param>
    /// <param name="scaling">The new scaling.</param>
    /// <param name="contextLength">
    /// max_position_embeddings in tokens. Null (the default): the trained window times the scaling's factor; for LongRoPE without a factor
    /// the window the config has; for none and for dynamic NTK, which counts from it, the trained window itself.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextLength"/> is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// A <paramref name="contextLength"/> other than the trained window with dynamic NTK, which counts from max_position_embeddings (a
    /// longer one would switch the scaling off); a factor that makes a window beyond what fits a number of 32 bits; or a scaling that does not fit the model, such as LongRoPE with another number of factors.
    /// </exception>
    public static ModelConfig WithRopeScaling(this ModelConfig config, RopeScaling scaling, int? contextLength = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(scaling);
        if (contextLength is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(contextLength));
        int trained = config.TrainedContextLength();
        if (scaling is DynamicNtkRopeScaling && contextLength is { } asked && asked != trained)
        {
            throw new ArgumentException(
                $"Dynamic NTK counts from max_position_embeddings, the trained window of {trained} tokens; it takes no other context length, but {asked} was given.",
                nameof(contextLength));
        }

        int window = contextLength ?? scaling switch
        {
            LinearRopeScaling linear => Times(linear.Factor),
            NtkAwareRopeScaling ntk => Times(ntk.Factor),
            YarnRopeScaling yarn => Times(yarn.Factor),
            Llama3RopeScaling llama => Times(llama.Factor),
            ProportionalRopeScaling proportional => Times(proportional.Factor),
            LongRopeScaling { Factor: { } factor } => Times(factor),
            LongRopeScaling => Math.Max(trained, config.MaxPositionEmbeddings),
            _ => trained,
        };

        // Files get the trained window beside the long one only where it does not follow from that.
        bool follows = scaling switch
        {
            LinearRopeScaling linear => window == Times(linear.Factor),
            NtkAwareRopeScaling ntk => window == Times(ntk.Factor),
            ProportionalRopeScaling proportional => window == Times(proportional.Factor),
            YarnRopeScaling or Llama3RopeScaling or LongRopeScaling => false,
            _ => true,
        };
        ModelConfig changed = config with { RopeScaling = scaling, MaxPositionEmbeddings = window, OriginalMaxPositionEmbeddings = follows ? window : trained };
        changed.Validate();
        return changed;

        int Times(double factor) => Math.Round(trained * factor) is var product && product <= int.MaxValue
            ? (int)product
            : throw new ArgumentOutOfRangeException(nameof(scaling), scaling, $"The factor makes a window of {product:E2} tokens from {trained}.");
    }

    /// <summary>
    /// The same config for a longer window, by a method's usual settings. What a scaling that it already has did is replaced, not
    /// multiplied: the factor is the new window over the <see cref="TrainedContextLength">trained</see> one.
    /// </summary>
    /// <param name="config">The config.</param>
    /// <param name="contextLength">The window asked for, in tokens; longer than max_position_embeddings. (Shorter ones are <see cref="WithRopeScaling"/>'s.)</param>
    /// <param name="method">How; <see cref="ContextExtensionAdvice.For"/> says which suits.</param>
    /// <returns>A config whose max_position_embeddings is the new window, but for dynamic NTK, which needs the trained one there.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextLength"/> is not above the config's window, or there is no such method.</exception>
    public static ModelConfig ExtendTo(this ModelConfig config, int contextLength, ContextExtensionMethod method)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (contextLength <= config.MaxPositionEmbeddings)
            throw new ArgumentOutOfRangeException(nameof(contextLength), contextLength, $"Expected more than the model's window of {config.MaxPositionEmbeddings} tokens.");
        double factor = (double)contextLength / config.TrainedContextLength();
        return method switch
        {
            ContextExtensionMethod.Linear => config.WithRopeScaling(RopeScaling.Linear(factor), contextLength),
            ContextExtensionMethod.NtkAware => config.WithRopeScaling(RopeScaling.NtkAware(factor), contextLength),
            ContextExtensionMethod.Yarn => config.WithRopeScaling(RopeScaling.Yarn(factor), contextLength),
            ContextExtensionMethod.Llama3 => config.WithRopeScaling(RopeScaling.Llama3(factor), contextLength),
            ContextExtensionMethod.DynamicNtk => config.WithRopeScaling(RopeScaling.DynamicNtk(factor)),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, "There is no such method."),
        };
    }
}
