using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting;

/// <summary>All models of a host, in the order in which they were added.</summary>
public sealed class LongContextModels
{
    private readonly IServiceProvider services;
    private readonly Dictionary<string, LongContextModel> byId = new(StringComparer.Ordinal);

    internal LongContextModels(IServiceProvider services, IEnumerable<ModelName> names)
    {
        this.services = services;
        All = [.. names.Select(name => services.GetRequiredKeyedService<LongContextModel>(name.Name))];
        foreach (LongContextModel model in All)
        {
            if (!byId.TryAdd(model.ModelId, model))
                throw new InvalidOperationException($"Two models are called \"{model.ModelId}\": give one another {nameof(LongContextOptions)}.{nameof(LongContextOptions.ModelId)}.");
        }
    }

    /// <summary>The models.</summary>
    public IReadOnlyList<LongContextModel> All { get; }

    /// <summary>A model by its <see cref="LongContextModel.ModelId"/>; null where there is none of that name.</summary>
    public LongContextModel? Find(string modelId) => byId.GetValueOrDefault(modelId);

    /// <summary>The client of a model, with everything that was put before it.</summary>
    public IChatClient ClientOf(LongContextModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return services.GetRequiredKeyedService<IChatClient>(model.Name);
    }
}
