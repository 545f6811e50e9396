using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

internal static class RunModels
{
    public static EvaluationModel Of(IChatClient client, string name = "model") => new() { Name = name, Client = client, Tokenizer = PieceTokenizer.WordLevel };

    public static ScriptedClient Echo() => new(EchoTask.Answer);
}
