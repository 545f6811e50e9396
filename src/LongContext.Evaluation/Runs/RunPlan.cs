using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>Adds up what a run would ask.</summary>
internal static class RunPlan
{
    public static EvaluationPlanEntry Of(EvaluationModel model, EvaluationTask task, RunStrategies strategies, EvaluationRunOptions options, CancellationToken cancellationToken)
    {
        int[] applied = [.. Enumerable.Range(0, strategies.All.Count).Where(strategy => strategies.Apply(task, strategy))];
        // The others may shorten what full context cannot ask.
        int whole = applied.Count(strategy => strategies.All[strategy].Name == FullContextStrategy.StrategyName), others = applied.Length - whole, items = 0, tooLong = 0, longest = 0, requests = 0;
        long prompts = 0, answers = 0;
        void Add(int tokens, int times, EvaluationItem item)
        {
            requests += times;
            prompts += (long)tokens * times;
            longest = Math.Max(longest, tokens);
            if (task.UsesStrategies) answers += (long)item.Settings.MaximumNewTokens * times;
        }

        string? fault = null;
        foreach (ItemSource.Made made in ItemSource.Of(task, model.Tokenizer, options.MaximumItems))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (made.Item is not { } item)
            {
                fault ??= FaultText.MessageOf(made.Fault!);
                continue;
            }

            items++;
            try
            {
                // What is scored and not generated has a prompt as well, but is cut in ways of the task's own.
                EvaluationPrompt asked = task.UsesStrategies ? ItemSession.Fit(model, item.Prompt, item.Settings, out _) : item.Prompt;
                Add(new ModelRequest(model, asked, item.Settings).CountPromptTokens(), applied.Length, item);
            }
            catch (PromptTooLongException)
            {
                tooLong++;
                if (others > 0 && Room(model, item) is { } room) Add(room, others, item);
            }
        }

        return new EvaluationPlanEntry
        {
            Model = model.Name,
            Task = task.Name,
            Items = items,
            TooLong = tooLong,
            Requests = requests,
            PromptTokens = prompts,
            LongestPrompt = longest,
            AnswerTokens = answers,
            Cost = model.Price?.Of(prompts, answers),
            Fault = fault,
        };
    }

    /// <summary>The tokens that a strategy is told to keep to, or null where not even the answer fits.</summary>
    private static int? Room(EvaluationModel model, EvaluationItem item)
    {
        try
        {
            return ItemSession.MaximumPromptTokens(model, item.Prompt, item.Settings) is { } room ? Math.Min(room, item.Prompt.Truncation.Limit ?? room) : item.Prompt.Truncation.Limit;
        }
        catch (PromptTooLongException)
        {
            return null;
        }
    }
}
