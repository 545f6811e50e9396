using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Models;

/// <summary>Which way to a longer window suits a model, and why.</summary>
/// <param name="Method">The way; null where the window suffices as it is, and where no method of the list would keep what the model's own scaling does.</param>
/// <param name="Factor">The window asked for over the trained one.</param>
/// <param name="Reason">Why, in a sentence or two for people.</param>
public sealed record ContextExtensionAdvice(ContextExtensionMethod? Method, double Factor, string Reason)
{
    /// <summary>Up to here plain interpolation was published to recover with some hundred steps of fine-tuning.</summary>
    private const double ModerateFactor = 8;

    /// <summary>Says which method suits; it changes nothing.</summary>
    /// <param name="config">The model's config.</param>
    /// <param name="contextLength">The window asked for, in tokens.</param>
    /// <param name="fineTuned">Whether the model will be fine-tuned at the new length.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextLength"/> is below 1.</exception>
    /// <remarks>
    /// Chen et al. 2023, arXiv:2306.15595 (linear: up to ×16 there, with a loss at short lengths that grows with the factor); Peng et al.
    /// 2023, arXiv:2309.00071 (dynamic NTK untuned, YaRN beyond); Llama Team 2024, arXiv:2407.21783 (Llama 3); Gemma Team 2025,
    /// arXiv:2503.19786, §2 (linear ×8 on the layers without a window).
    /// </remarks>
    public static ContextExtensionAdvice For(ModelConfig config, int contextLength, bool fineTuned)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        double factor = (double)contextLength / config.TrainedContextLength();
        if (contextLength <= config.MaxPositionEmbeddings)
            return new(null, factor, $"The model's window of {config.MaxPositionEmbeddings} tokens suffices for {contextLength} as it is: there is nothing to extend.");
        return config.RopeScaling is NoRopeScaling or DynamicNtkRopeScaling ? ForUnscaled(factor, fineTuned) : ForScaled(config.RopeScaling, factor, fineTuned);
    }

    private static ContextExtensionAdvice ForUnscaled(double factor, bool fineTuned)
    {
        if (!fineTuned)
        {
            return new(ContextExtensionMethod.DynamicNtk, factor,
                "Without fine-tuning dynamic NTK leaves texts within the trained window as they were and degrades slowly beyond it; Self-Extend and dual chunk attention are alternatives that change no frequencies.");
        }

        return factor <= ModerateFactor
            ? new(ContextExtensionMethod.Linear, factor,
                $"Linear interpolation recovers with a short fine-tuning up to about ×{ModerateFactor}, and every program can run the result.")
            : new(ContextExtensionMethod.Yarn, factor,
                $"Beyond about ×{ModerateFactor} interpolating all frequencies alike blurs near positions; YaRN leaves the fast ones and interpolates the slow.");
    }

    /// <summary>The weights were trained under the scaling that the config has: another kind would take away what they know.</summary>
    private static ContextExtensionAdvice ForScaled(RopeScaling scaling, double factor, bool fineTuned)
    {
        ContextExtensionMethod? same = scaling switch
        {
            LinearRopeScaling => ContextExtensionMethod.Linear,
            NtkAwareRopeScaling => ContextExtensionMethod.NtkAware,
            YarnRopeScaling => ContextExtensionMethod.Yarn,
            Llama3RopeScaling => ContextExtensionMethod.Llama3,
            _ => null,
        };
        const string Untuned = " Without fine-tuning expect a loss at all lengths; dual chunk attention changes no frequencies and keeps what the model knows.";
        string reason = same is null
            ? $"The model was trained under {scaling.RopeType}, whose settings do not follow from a length; give new ones by SetRopeScaling, or use dual chunk attention where it applies."
            : $"The model was trained under {scaling.RopeType} scaling; a larger factor of the same kind is nearest to what its weights know.";
        return new(same, factor, fineTuned || same is null ? reason : reason + Untuned);
    }
}
