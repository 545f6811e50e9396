using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>Adds up what a run would ask.</summary>
internal static class RunPlan
{
    public static EvaluationPlanEntry Of(EvaluationModel model, EvaluationTask task, RunStrategies strategies, EvaluationRunOptions options, CancellationToken cancellationToken)
    {
        int times = Enumerable.Range(0, strategies.All.Count).Count(strategy => strategies.Apply(task, strategy)), items = 0, tooLong = 0, longest = 0;
        long prompts = 0, answers = 0;
        string? fault = null;
        foreach (ItemSource.Made made in ItemSource.Of(task, model.Tokenizer, options.MaximumItems))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (made.Item is not { } item)
            {
                fault ??= made.Fault!.Message;
                continue;
            }

            items++;
            try
            {
                // What is scored and not generated has a prompt as well, but is cut in ways of the task's own.
                EvaluationPrompt asked = task.UsesStrategies ? ItemSession.Fit(model, item.Prompt, item.Settings, out _) : item.Prompt;
                int tokens = new ModelRequest(model, asked, item.Settings).CountPromptTokens();
                prompts += tokens;
                longest = Math.Max(longest, tokens);
                if (task.UsesStrategies) answers += item.Settings.MaximumNewTokens;
            }
            catch (PromptTooLongException)
            {
                tooLong++;
            }
        }

        return new EvaluationPlanEntry
        {
            Model = model.Name,
            Task = task.Name,
            Items = items,
            TooLong = tooLong,
            Requests = (items - tooLong) * times,
            PromptTokens = prompts * times,
            LongestPrompt = longest,
            AnswerTokens = answers * times,
            Cost = model.Price?.Of(prompts * times, answers * times),
            Fault = fault,
        };
    }
}
