# The C interface of the library, as far as the binding uses it:
# csrc/runtime/runtime.h and csrc/engine/engine.h are its manual.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "pn_types.h":
    enum:
        PN_F32
        PN_F64
        PN_BF16
        PN_F16
        PN_I64
        PN_I32
        PN_I8
        PN_U8
        PN_BOOL
        PN_DTYPE_COUNT
        PN_MAX_DIMS

cdef extern from "pn_contract.h":
    enum:
        PN_NUMERICS_VERSION

cdef extern from "kernels/table.h":
    ctypedef struct pn_level:
        const char *name

cdef extern from "kernels/optim.h":
    ctypedef enum pn_algorithm:
        PN_SGD
        PN_ADAM
        PN_NADAM
        PN_RADAM
        PN_RMSPROP
        PN_ADAGRAD
        PN_ADADELTA
        PN_ADAMAX
    enum:
        PN_OPT_OPTIONS
        PN_OPT_BUFFERS
        PN_OPT_STEP
        PN_OPT_PRODUCT
        PN_ADAGRAD_INITIAL
    uint32_t pn_optim_buffers(pn_algorithm algorithm, const double *options)

cdef extern from "runtime/runtime.h":
    ctypedef enum pn_status:
        PN_OK
        PN_RUNTIME_ERROR
        PN_INTERRUPTED
        PN_STATUS_COUNT

    pn_status pn_fail(pn_status code, const char *format, ...)
    pn_status pn_last_status()
    const char *pn_last_message()

    int pn_level_count()
    const char *pn_level_name(int i)
    bint pn_level_runnable(int i)
    const pn_level *pn_active_level()
    pn_status pn_select_level(const char *name)
    bint pn_cpu_has_fma()
    pn_status pn_init()

    void pn_memory_trim()
    ctypedef struct pn_memory_stats:
        int64_t live_bytes, peak_bytes, cached_bytes, allocations
    void pn_memory_get_stats(pn_memory_stats *s)
    void pn_memory_fail_at(int64_t n, bint persistent)

    int pn_get_num_threads()
    pn_status pn_set_num_threads(int n)
    void pn_pool_set_chaos(bint on)
    ctypedef struct pn_pool_stats:
        int64_t regions, chunks
        int threads
    void pn_pool_get_stats(pn_pool_stats *s)
    void pn_pool_reset_stats()
    int pn_pool_worker_count()
    void pn_pool_shutdown()

    double pn_now()
    ctypedef struct pn_host:
        void *(*release)() noexcept
        void (*acquire)(void *state) noexcept
    pn_host pn_host_lock
    double pn_release_threshold

    ctypedef struct pn_generator:
        uint64_t seed, offset
    void pn_generator_seed(pn_generator *g, uint64_t seed)
    pn_generator *pn_default_generator()

cdef extern from "engine/engine.h":
    enum:
        PN_STORAGE_READONLY
        PN_T_REQUIRES_GRAD
        PN_T_CONTIGUOUS
        PN_T_RETAIN_GRAD
        PN_ALL_DIMS
        PN_REDUCE_NONE
        PN_REDUCE_MEAN
        PN_REDUCE_SUM

    ctypedef struct pn_storage:
        void *data
        uint32_t version
        uint32_t flags
    ctypedef struct pn_node:
        pass
    ctypedef struct pn_tensor:
        void *py
        pn_storage *storage
        void *data
        uint8_t dtype, ndim
        uint16_t flags
        int64_t numel
        int64_t shape[8]
        int64_t stride[8]
        pn_node *node
        pn_tensor *grad
        pn_tensor *base
        int32_t node_output

    void pn_retain(pn_tensor *t)
    void pn_release(pn_tensor *t)

    size_t pn_itemsize(int dtype)
    const char *pn_dtype_name(int dtype)
    bint pn_is_float(int dtype)
    int pn_promote_types(int a, int b)
    int pn_result_type(const pn_tensor *a, const pn_tensor *b)
    int pn_default_dtype()
    pn_status pn_set_default_dtype(int dtype)

    pn_tensor *pn_empty(int dtype, int ndim, const int64_t *shape)
    pn_tensor *pn_empty_like(const pn_tensor *t, int dtype)
    pn_tensor *pn_full(int dtype, int ndim, const int64_t *shape, const pn_tensor *value)
    pn_tensor *pn_zeros(int dtype, int ndim, const int64_t *shape)
    pn_tensor *pn_arange(int dtype, double start, double step, int64_t n)
    pn_tensor *pn_scalar_float(double v)
    pn_tensor *pn_scalar_int(int64_t v)
    pn_tensor *pn_scalar_bool(bint v)
    pn_tensor *pn_from_memory(void *data, int dtype, int ndim, const int64_t *shape,
                              const int64_t *stride, bint readonly,
                              void (*release)(void *ctx) noexcept, void *ctx)
    pn_tensor *pn_alias(pn_tensor *t)
    pn_status pn_set_data(pn_tensor *t, pn_tensor *src)
    pn_tensor *pn_clone(pn_tensor *t)
    pn_tensor *pn_contiguous(pn_tensor *t)
    pn_tensor *pn_cast(pn_tensor *t, int dtype)
    pn_status pn_item(const pn_tensor *t, double *f, int64_t *i)
    pn_status pn_data_read()

    pn_tensor *pn_reshape(pn_tensor *t, int ndim, const int64_t *shape)
    pn_tensor *pn_view(pn_tensor *t, int ndim, const int64_t *shape)
    pn_tensor *pn_transpose(pn_tensor *t, int d0, int d1)
    pn_tensor *pn_permute(pn_tensor *t, int ndim, const int *dims)
    pn_tensor *pn_expand(pn_tensor *t, int ndim, const int64_t *shape)
    pn_tensor *pn_slice(pn_tensor *t, int dim, int64_t start, int64_t stop, int64_t step)
    pn_tensor *pn_select(pn_tensor *t, int dim, int64_t index)
    pn_tensor *pn_squeeze(pn_tensor *t, int dim)
    pn_tensor *pn_unsqueeze(pn_tensor *t, int dim)

    pn_tensor *pn_add(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_sub(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_mul(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_div(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_pow(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_maximum(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_minimum(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_eq(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_ne(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_lt(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_le(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_gt(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_ge(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_bit_and(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_bit_or(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_bit_xor(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_bit_not(pn_tensor *a)
    pn_tensor *pn_where(pn_tensor *cond, pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_neg(pn_tensor *a)
    pn_tensor *pn_abs(pn_tensor *a)
    pn_tensor *pn_sign(pn_tensor *a)
    pn_tensor *pn_exp(pn_tensor *a)
    pn_tensor *pn_log(pn_tensor *a)
    pn_tensor *pn_sqrt(pn_tensor *a)
    pn_tensor *pn_sigmoid(pn_tensor *a)
    pn_tensor *pn_tanh(pn_tensor *a)
    pn_tensor *pn_relu(pn_tensor *a)
    pn_tensor *pn_leaky_relu(pn_tensor *a, double slope)
    pn_tensor *pn_clamp(pn_tensor *a, double lo, double hi)

    pn_tensor *pn_sum(pn_tensor *a, uint32_t axes, bint keepdim, int dtype)
    pn_tensor *pn_mean(pn_tensor *a, uint32_t axes, bint keepdim)
    pn_tensor *pn_var(pn_tensor *a, uint32_t axes, double correction, bint keepdim)
    pn_tensor *pn_amax(pn_tensor *a, uint32_t axes, bint keepdim)
    pn_tensor *pn_amin(pn_tensor *a, uint32_t axes, bint keepdim)
    pn_status pn_max_dim(pn_tensor *a, int axis, bint keepdim, bint is_min,
                         pn_tensor **values, pn_tensor **indices)
    pn_tensor *pn_argmax(pn_tensor *a, int axis, bint keepdim, bint is_min)
    pn_tensor *pn_softmax(pn_tensor *a, int axis)
    pn_tensor *pn_log_softmax(pn_tensor *a, int axis)

    pn_tensor *pn_matmul(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_addmm(pn_tensor *bias, pn_tensor *a, pn_tensor *b, double alpha, int act)
    pn_tensor *pn_linear(pn_tensor *x, pn_tensor *weight, pn_tensor *bias)

    pn_tensor *pn_index_select(pn_tensor *a, int axis, pn_tensor *index)
    pn_tensor *pn_gather(pn_tensor *a, int axis, pn_tensor *index)
    pn_tensor *pn_index_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src)
    pn_tensor *pn_scatter_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src)

    pn_tensor *pn_mse_loss(pn_tensor *x, pn_tensor *y, int reduction)
    pn_tensor *pn_bce_loss(pn_tensor *x, pn_tensor *y, int reduction)
    pn_tensor *pn_bce_logits_loss(pn_tensor *x, pn_tensor *y, int reduction)
    pn_tensor *pn_cross_entropy(pn_tensor *logits, pn_tensor *target, pn_tensor *weight,
                                int64_t ignore_index, int reduction)

    pn_tensor *pn_rand(int dtype, int ndim, const int64_t *shape, pn_generator *g)
    pn_tensor *pn_randn(int dtype, int ndim, const int64_t *shape, pn_generator *g)
    pn_tensor *pn_uniform(int dtype, int ndim, const int64_t *shape, pn_generator *g, double low,
                          double high)
    pn_tensor *pn_normal(int dtype, int ndim, const int64_t *shape, pn_generator *g, double mean,
                         double std)
    pn_tensor *pn_bernoulli(int dtype, int ndim, const int64_t *shape, pn_generator *g, double p,
                            double value)

    pn_status pn_copy_(pn_tensor *dst, pn_tensor *src)
    ctypedef pn_tensor *(*pn_binary_fn)(pn_tensor *a, pn_tensor *b)
    pn_status pn_inplace(pn_binary_fn fn, pn_tensor *a, pn_tensor *b)
    pn_status pn_assign(pn_tensor *a, pn_tensor *r)

    bint pn_grad_enabled()
    bint pn_set_grad_enabled(bint on)
    bint pn_requires_grad(const pn_tensor *t)
    pn_status pn_set_requires_grad(pn_tensor *t, bint on)
    bint pn_is_leaf(const pn_tensor *t)
    const char *pn_node_name(pn_tensor *t)
    pn_status pn_backward(int nroots, pn_tensor **roots, pn_tensor **grads, bint retain_graph,
                          bint create_graph, int ninputs, pn_tensor **inputs, pn_tensor **out)
    pn_status pn_set_grad(pn_tensor *t, pn_tensor *grad)
    pn_tensor *pn_get_grad(pn_tensor *t)
    pn_status pn_retain_grad(pn_tensor *t)
    ctypedef pn_status (*pn_foreign_run)(void *ctx, int nout, pn_tensor **g, int nin,
                                         pn_tensor **gin) noexcept
    pn_status pn_attach_foreign(const char *name, int nin, pn_tensor **inputs, int nout,
                                pn_tensor **out, pn_foreign_run run,
                                void (*release)(void *ctx) noexcept, void *ctx)
    pn_tensor *pn_foreign_output(pn_node *n, int output, pn_tensor *t)

    ctypedef struct pn_program:
        pass
    pn_tensor *pn_capture_input(pn_tensor *t)
    pn_program *pn_capture_begin(int ninputs, pn_tensor **inputs)
    bint pn_capturing()
    pn_status pn_capture_end(pn_program *p, int noutputs, pn_tensor **outputs)
    void pn_capture_abort(pn_program *p)
    void pn_program_free(pn_program *p)
    pn_status pn_program_bind(pn_program *p, int slot, pn_tensor *t)
    bint pn_program_ready(const pn_program *p)
    pn_status pn_program_run(pn_program *p, int64_t steps, double deadline, int64_t *done,
                             void **trace, const int64_t *scan)
    pn_status pn_program_enter(pn_program *p)
    void pn_program_leave(pn_program *p)
    int pn_program_records(const pn_program *p)
    const char *pn_program_record_name(const pn_program *p, int i)
    size_t pn_program_bytes(const pn_program *p)
    int64_t pn_program_replays(const pn_program *p)

    ctypedef struct pn_engine_stats:
        int64_t tensors, storages, nodes, records
    void pn_engine_get_stats(pn_engine_stats *s)

cdef extern from "engine/optim.h":
    ctypedef struct pn_optim_slot:
        pn_tensor *param
        pn_tensor *grad
        pn_tensor *buffer[3]
        pn_tensor *progress
        const double *options
    pn_status pn_optim_step(pn_algorithm algorithm, int n, pn_optim_slot *slots, bint *made)

cdef extern from "engine/hooks.h":
    enum:
        PN_T_INFERENCE
    ctypedef enum pn_hook_kind:
        PN_HOOK_GRAD
        PN_HOOK_ACCUMULATED
    ctypedef pn_tensor *(*pn_hook_fn)(void *ctx, pn_tensor *t) noexcept
    pn_status pn_add_hook(pn_tensor *t, pn_hook_kind kind, pn_hook_fn run,
                          void (*release)(void *) noexcept, void *ctx)
    void *pn_hook_context(pn_tensor *t, pn_hook_kind kind)
    pn_status pn_backward_into(int nroots, pn_tensor **roots, pn_tensor **grads,
                               bint retain_graph, bint create_graph, int ninputs,
                               pn_tensor **inputs)
    ctypedef struct pn_saved_hooks:
        void *(*pack)(void *ctx, pn_tensor *t) noexcept
        pn_tensor *(*unpack)(void *packed) noexcept
        void (*release)(void *packed) noexcept
        void *ctx
    const pn_saved_hooks *pn_set_saved_hooks(const pn_saved_hooks *hooks)
    bint pn_inference_mode()
    bint pn_set_inference_mode(bint on)
    pn_status pn_detach_(pn_tensor *t)
    pn_node *pn_grad_node(pn_tensor *t)
    void pn_node_keep(pn_node *n)
    void pn_node_drop(pn_node *n)
    const char *pn_node_label(const pn_node *n)
    int pn_node_inputs(const pn_node *n)
    void pn_node_input(const pn_node *n, int k, pn_node **source, int *output, pn_tensor **leaf)

cdef extern from *:
    """
    #if defined(__clang__)
    #define PN_COMPILER "clang " __clang_version__
    #elif defined(__GNUC__)
    #define PN_COMPILER "gcc " __VERSION__
    #else
    #define PN_COMPILER "unknown"
    #endif
    """
    const char *PN_COMPILER

cdef extern from "engine/ops.h":
    enum:
        PN_CALL_OUTPUTS

    ctypedef struct pn_call:
        int nin
        pn_tensor **in_ "in"
        int nints
        const int64_t *i
        int nfloats
        const double *f
        int nout
        pn_tensor *out[16]

    ctypedef struct pn_operator:
        const char *name
        pn_tensor *(*t)(pn_tensor *)
        pn_tensor *(*tt)(pn_tensor *, pn_tensor *)
        pn_status (*call)(pn_call *)

    const pn_operator pn_operators[]
    const int pn_operator_count

cdef extern from "engine/norms.h" nogil:
    pn_tensor *pn_std(pn_tensor *a, uint32_t axes, double correction, bint keepdim)
cdef extern from "engine/movement.h":
    pn_tensor *pn_flip(pn_tensor *t, uint32_t axes)

cdef extern from "engine/window.h":
    pn_tensor *pn_view_dtype(pn_tensor *t, int dtype)

cdef extern from "engine/indexing.h":
    pn_tensor *pn_nonzero(pn_tensor *x)
    pn_tensor *pn_index(pn_tensor *x, int count, pn_tensor **items)
    pn_status pn_index_put_(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                            bint accumulate)

cdef extern from "engine/elementary.h":
    pn_tensor *pn_trunc_divide(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_floor_divide(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_remainder(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_clamp_min(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_clamp_max(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_shift_left(pn_tensor *a, pn_tensor *b)
    pn_tensor *pn_shift_right(pn_tensor *a, pn_tensor *b)
