"""Save, update, rename, share and delete a view of a list."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from . import roles, saved_views
from .forms_saved import SavedViewForm
from .leading import go
from .views import FilteredListView, carried_out, render_dialog, staff_required


@staff_required("view")
def new(request):
    """The dialog (GET `?page=invoicing:list&query=status%3Dopen`), and the view made of it (POST)."""
    page, query = request.GET.get("page", ""), request.GET.get("query", "")
    back = _list_or_404(page)
    form = SavedViewForm(request.POST or None)

    def act():
        values = form.cleaned_data
        return saved_views.save_view(
            by=request.user, page=page, query=query, name=values["name"], shared=values["is_shared"]
        )

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("“%(name)s” is saved. You find it above the list.") % {"name": form.result})
        return go(request, back + saved_views.address(form.result))
    return _dialog(request, form, back + (f"?{saved_views.normal(query)}" if query else ""))


@staff_required("view")
def edit(request, pk):
    """Rename it, share it or keep it to oneself."""
    view = _view_or_404(request, pk)
    back = reverse(view.page) + saved_views.address(view)
    form = SavedViewForm(request.POST or None, initial={"name": view.name, "is_shared": view.is_shared})

    def act():
        return saved_views.change_view(view, by=request.user, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("“%(name)s” is saved.") % {"name": view})
        return go(request, back)
    return _dialog(request, form, back, view=view)


@staff_required("view")
@require_POST
def update(request, pk):
    """Make the view what is in force now (`query`)."""
    view = _view_or_404(request, pk)
    saved_views.change_view(view, by=request.user, query=request.GET.get("query", ""))
    messages.success(request, _("“%(name)s” now shows what you see here.") % {"name": view})
    return go(request, reverse(view.page) + saved_views.address(view))


@staff_required("view")
def delete(request, pk):
    view = _view_or_404(request, pk)
    back = reverse(view.page)
    if request.method == "POST":
        saved_views.delete_view(view, by=request.user)
        messages.success(request, _("“%(name)s” is deleted. The list and its rows are untouched.") % {"name": view})
        return go(request, back)
    others = view.owner_id != request.user.pk
    context = {"view": view, "others": others, "cancel_url": back + saved_views.address(view)}
    if others:
        roles.require(request.user, saved_views.REMOVE_ACT)
    return render_dialog(request, "common/saved_view_delete.html", context)


def _dialog(request, form, cancel_url, view=None):
    context = {"form": form, "view": view, "cancel_url": cancel_url}
    return render_dialog(request, "common/saved_view.html", context, status=422 if form.is_bound else 200)


def _view_or_404(request, pk):
    return get_object_or_404(saved_views.offered_to(request.user), pk=pk)


def _list_or_404(page) -> str:
    """The address of a list of ours by its URL name."""
    try:
        address = reverse(page)
    except NoReverseMatch:
        raise Http404 from None
    if not issubclass(getattr(resolve(address).func, "view_class", object), FilteredListView):
        raise Http404
    return address
