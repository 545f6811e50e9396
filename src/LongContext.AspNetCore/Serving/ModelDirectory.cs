using LongContext.AspNetCore.Protocol;
using LongContext.Hosting;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>The models of the host, under their names.</summary>
internal sealed class ModelDirectory(LongContextModels models, TimeProvider clock)
{
    private readonly long started = clock.GetUtcNow().ToUnixTimeSeconds();
    private readonly Dictionary<string, IChatClient> clients = models.All.ToDictionary(model => model.ModelId, models.ClientOf, StringComparer.Ordinal);

    /// <summary>A model and its client; the only one where none is named.</summary>
    /// <exception cref="ProtocolException">There is none of that name.</exception>
    public (LongContextModel Model, IChatClient Client) Find(string? name)
    {
        LongContextModel? model = name is not null ? models.Find(name) : models.All.Count == 1 ? models.All[0] : throw ProtocolException.Bad("'model' is missing, expected one of those that /v1/models lists.", "model");
        return model is not null ? (model, clients[model.ModelId]) : throw ProtocolException.UnknownModel(name!.Length > 200 ? name[..200] + "…" : name, models.All.Select(each => each.ModelId));
    }

    public ModelList List() => new("list", [.. models.All.Select(Entry)]);

    /// <exception cref="ProtocolException">There is none of that name.</exception>
    public ModelEntry Entry(string name) => Entry(Find(name).Model);

    private ModelEntry Entry(LongContextModel model) => new(model.ModelId, "model", model.LoadedAt?.ToUnixTimeSeconds() ?? started, "longcontext")
    {
        MaxModelLen = (model.Client?.GetService(typeof(Generation.LongContextChatClient)) as Generation.LongContextChatClient)?.ContextLength,
    };
}
