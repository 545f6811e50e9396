using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using LongContext.Training.Guarding;
using LongContext.Training.Memory;
using LongContext.Training.Monitoring;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>One step: gradients of its packs, what becomes of them, the optimizer.</summary>
public sealed partial class LongContextTrainer
{
    private const int MostStepsWithoutTarget = 16;

    private int stepsWithoutTarget; // in a row, up to the last step
    private bool partlyApplied; // while the optimizer steps, and for good where it does not come to its end
    private LayerwiseUpdate? update; // where gradients are applied layer by layer: of the step under way, or of one that ended in its midst

    private LayerwiseBackpropagation NewBackpropagation() => new(model, new PolicyChooser(model, options, logger).For, options.ZLoss)
    {
        Completed = options.AppliesGradientsByLayer ? parameters => update!.Apply(parameters) : null,
        GoesOn = options.AppliesGradientsByLayer ? sum => update!.GoesOn(sum) : null,
    };

    private StepResult Step(LayerwiseBackpropagation backpropagation, PackedBatch[] packs, double learningRate, CancellationToken cancellationToken)
    {
        double normalizer = packs.Sum(pack => pack.LossNormalizer);
        if (!(normalizer > 0)) return WithoutTarget(packs.Length);
        stepsWithoutTarget = 0;
        if (!options.AppliesGradientsByLayer) return StepAtOnce(backpropagation, packs, normalizer, learningRate, cancellationToken);
        StepResult result = StepByLayer(backpropagation, packs[0], normalizer, learningRate, cancellationToken);
        if (result.Outcome != StepOutcome.RolledBack) update = null; // the weights are a whole step's; else once the way back is gone
        return result;
    }

    /// <summary>A step with nothing to learn is left out: pieces of a long prompt may fill one. So many in a row say that the data has no targets at all.</summary>
    /// <exception cref="ArgumentException">It is the last of <see cref="MostStepsWithoutTarget"/> in a row.</exception>
    private StepResult WithoutTarget(int packs)
    {
        if (++stepsWithoutTarget >= MostStepsWithoutTarget)
        {
            stepsWithoutTarget = 0;
            throw new ArgumentException(
                $"Step {stepsDone + 1} has no target token, like the {MostStepsWithoutTarget - 1} before it: every label of their packs is ignored. "
                + "Look at the masks, and at how texts longer than the context are cut (OverlengthPolicy).");
        }

        // Nothing is wrong with the step: it is none of the skips in a row that the guard's options bound.
        GuardState counted = guard with { SkippedSteps = guard.SkippedSteps + 1 };
        GuardVerdict verdict = Take(new GuardVerdict(StepOutcome.Skipped, $"it has no target token: every label of its {packs} pack(s) is ignored", counted), packs);
        return new StepResult(double.NaN, double.NaN, verdict.Outcome, verdict.Reason);
    }

    /// <summary>Nothing of the model changes before the gradient of all packs is there and finite.</summary>
    private StepResult StepAtOnce(
        LayerwiseBackpropagation backpropagation, PackedBatch[] packs, double normalizer, double learningRate, CancellationToken cancellationToken)
    {
        double loss = double.NaN, norm = double.NaN, scale = 1;
        foreach (double tried in GradientScale.Scales(model.DataType, packs))
        {
            if (tried < scale) LogSmallerScale(stepsDone + 1, tried);
            scale = tried;
            // Cleared, not dropped: their memory is used again. Every parameter that trains gets a gradient in each step.
            optimizer.ClearGradients();
            double sum = 0;
            for (int i = 0; i < packs.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                sum += backpropagation.Run(packs[i], scale / normalizer, DropoutSeed(i), cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            loss = sum / normalizer;
            norm = double.IsFinite(loss) ? optimizer.GradientNorm() / scale : double.NaN;
            if (double.IsFinite(norm) || !double.IsFinite(loss)) break;
        }

        GuardVerdict verdict = Judge(loss, norm, packs.Length);
        if (verdict.Outcome != StepOutcome.Applied) return new StepResult(loss, norm, verdict.Outcome, verdict.Reason);

        // As torch.nn.utils.clip_grad_norm_: never scaled up, 1e-6 against division by nothing.
        double factor = options.MaximumGradientNorm is { } maximum ? Math.Min(1, maximum / (norm + 1e-6)) : 1;
        if (factor != scale) optimizer.ScaleGradients(factor / scale);
        partlyApplied = true;
        optimizer.Step(learningRate);
        partlyApplied = false;
        return new StepResult(loss, norm, StepOutcome.Applied, verdict.Reason);
    }

    /// <summary>Layers change as the backward passes them. Once the first has, cancelling waits for the step's end, so that the weights are a whole step's.</summary>
    private StepResult StepByLayer(
        LayerwiseBackpropagation backpropagation, PackedBatch pack, double normalizer, double learningRate, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        optimizer.ReleaseGradients(); // the head's, where the step before was left out
        GuardVerdict? verdict = null;
        double scale = GradientScale.OfOneTry(model.DataType, pack);
        update = new LayerwiseUpdate(optimizer, learningRate, scale, sum =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            verdict = Judge(sum / normalizer, 0, packs: 1);
            return verdict.Outcome == StepOutcome.Applied;
        });
        double loss = backpropagation.Run(pack, scale / normalizer, DropoutSeed(0), CancellationToken.None) / normalizer;
        if (verdict!.Outcome != StepOutcome.Applied) return new StepResult(loss, double.NaN, verdict.Outcome, verdict.Reason);
        if (double.IsFinite(update.GradientNorm)) return new StepResult(loss, update.GradientNorm, StepOutcome.Applied, verdict.Reason);

        // Part of the step is applied: there is no leaving it out, only the way back.
        try
        {
            verdict = Judge(loss, update.GradientNorm, packs: 1);
        }
        catch (NonFiniteLossException fault) when (update.HasBegun)
        {
            throw fault.PartlyApplied();
        }

        return new StepResult(loss, update.GradientNorm, verdict.Outcome, verdict.Reason);
    }

    /// <exception cref="InvalidOperationException">A step ended in its midst: nothing good comes of going on.</exception>
    private void ThrowIfPartlyApplied()
    {
        if (partlyApplied || update is { HasBegun: true })
            throw new InvalidOperationException("A step has ended in its midst, when some of its updates were applied, so that the weights are no whole step's: Resume from a checkpoint.");
    }

    /// <summary>Weights, optimizer and step number are a checkpoint's now.</summary>
    private void ForgetPartlyApplied() => (partlyApplied, update) = (false, null);

    /// <summary>The seed of dropout on one of the step's packs, from the pack's number in the data; null where nothing is dropped.</summary>
    private ulong? DropoutSeed(int pack) =>
        model.Adapter is { Options.Dropout: > 0 } ? SeedMix.Combine((ulong)options.Seed, (ulong)(stepData!.Position.Packs + pack)) : null;

    [LoggerMessage(EventId = 216, Level = LogLevel.Debug, Message = "A gradient of step {Step} is beyond float16's range: it is computed again, scaled by {Scale}.")]
    private partial void LogSmallerScale(int step, double scale);
}
