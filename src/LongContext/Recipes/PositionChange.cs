using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Recipes;

/// <summary>What becomes of a model's positions for a context; nothing where its window is long enough and no scaling is asked for.</summary>
/// <param name="RopeScaling">The scaling in place of the model's; null to leave it.</param>
/// <param name="ContextLength">The window that goes with it, in tokens; null for what follows from the scaling.</param>
internal sealed record PositionChange(RopeScaling? RopeScaling, int? ContextLength)
{
    /// <param name="config">The model's config.</param>
    /// <param name="contextLength">The context to train at.</param>
    /// <param name="options">Method and scaling asked for.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static PositionChange For(ModelConfig config, int contextLength, RecipeOptions options, List<string> faults)
    {
        if (options.RopeScaling is { } scaling)
        {
            // Dynamic NTK counts from the trained window, and says no longer one.
            if (scaling is DynamicNtkRopeScaling) return new PositionChange(scaling, null);
            return new PositionChange(scaling, Math.Max(contextLength, config.MaxPositionEmbeddings));
        }

        if (contextLength <= config.MaxPositionEmbeddings)
        {
            if (options.Method is { } useless) faults.Add($"Method is {useless}, but the model's window of {config.MaxPositionEmbeddings} tokens is not below the context of {contextLength}: there is nothing to extend");
            return new PositionChange(null, null);
        }

        ContextExtensionMethod? method = options.Method;
        if (method is null)
        {
            ContextExtensionAdvice advice = ContextExtensionAdvice.For(config, contextLength, fineTuned: true);
            // Of a plain model this recipe's way is interpolation at any factor, as published.
            method = config.RopeScaling is NoRopeScaling or DynamicNtkRopeScaling ? ContextExtensionMethod.Linear : advice.Method;
            if (method is null) faults.Add($"Method and RopeScaling are null, and no method suits by itself. {advice.Reason.TrimEnd('.')}");
        }

        if (method is not { } chosen || !Enum.IsDefined(chosen)) return new PositionChange(null, null);
        ModelConfig extended = config.ExtendTo(contextLength, chosen);
        return new PositionChange(extended.RopeScaling, chosen == ContextExtensionMethod.DynamicNtk ? null : contextLength);
    }
}
